/** The law of order on the embedded store. */

import { alertOrder } from '../conformance/alert-order.ts'

alertOrder({ runs: 40 })
