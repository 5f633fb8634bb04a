/**
 * What the factor codes of HJ 212 mean when a device of profile `hj212` uses them as keys: codes of the 2017
 * edition are in the property tables; here are the old codes of the 2005 edition that loggers still send, and
 * the factors whose unit in the standard is not the catalogue's.
 */

/** Codes of HJ/T 212-2005 → codes of HJ 212-2017 (appendix B of each). */
export const factorsOf2005: Readonly<Record<string, string>> = {
  '001': 'w01001',
  '003': 'w01012',
  '010': 'w01017',
  '011': 'w01018',
  '015': 'w01020',
  '060': 'w21003',
  '065': 'w21001',
  '101': 'w21011',
  B01: 'w00000',
}

/** UCUM units of HJ 212-2017 appendix B where they differ from the catalogue's. */
export const factorUnits: Readonly<Record<string, string>> = { a01006: 'kPa', w00000: 'L/s' }
