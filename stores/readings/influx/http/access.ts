/**
 * What InfluxDB does not let us do, as one sentence that names what is refused (user, token, organisation, rights,
 * database) and the next step. Answers are those of 1.x (`{"error"}`), 2.x (`{"code", "message"}`) and 3.x.
 */

import { nameText } from './influxql.ts'
import { shellText } from './shell-text.ts'
import type { Generation } from './version.ts'

export interface Account {
  bucket: string
  org?: string | undefined
  token?: string | undefined
  username?: string | undefined
}

/** `told`: the status and what was said with it. `generation`: when the server says which it is. */
export interface Denial {
  status: number
  told: string
  generation: Generation | undefined
}

/** The next step, as a sentence; empty when there is nothing known to do. */
export function nextStep(denial: Denial, account: Account): string {
  const { status, told } = denial
  if (/organi[sz]ation/i.test(told) && /not found/i.test(told)) return ofOrg(account)
  if (status === 403 || isOfRights(denial)) return ofRights(denial, account)
  if (status === 401) return ofSignIn(denial, account)
  return status === 404 ? ofDatabase(denial, account) : ''
}

/** 2.x answers 401 to a token that it knows as well: "write:orgs/…/buckets is unauthorized". */
export function isOfRights({ status, told }: Pick<Denial, 'status' | 'told'>): boolean {
  return status === 401 && /is unauthorized|insufficient permissions/i.test(told)
}

function ofOrg({ org }: Account): string {
  const named =
    org === undefined
      ? 'Set BELLWETHER_INFLUX_ORG to the organisation of the bucket'
      : `Check BELLWETHER_INFLUX_ORG: InfluxDB has no organisation ${shellText(org)} for this token`
  return `${named}; "influx org list" shows those there are.`
}

function ofSignIn({ generation }: Denial, account: Account): string {
  const { token, username } = account
  if (token !== undefined) {
    const how = generation === 3 ? 'influxdb3 create token --admin' : authCommand(account)
    return `The token is refused: set BELLWETHER_INFLUX_TOKEN to a valid one; an administrator makes one with: ${how}`
  }
  if (username === undefined) {
    if (generation === 1) {
      return 'InfluxDB asks for a user: set BELLWETHER_INFLUX_USERNAME and BELLWETHER_INFLUX_PASSWORD.'
    }
    return 'InfluxDB asks who is there: set BELLWETHER_INFLUX_TOKEN, or BELLWETHER_INFLUX_USERNAME and BELLWETHER_INFLUX_PASSWORD.'
  }
  const user = shellText(username)
  const how =
    generation === 1
      ? `an administrator sets a password with: influx -execute ${shellText(`SET PASSWORD FOR ${nameText(username)} = 'NEW'`)}`
      : `an administrator sets one with: influx v1 auth set-password --username ${user}`
  return `User ${user} or its password is refused: check BELLWETHER_INFLUX_USERNAME and BELLWETHER_INFLUX_PASSWORD; ${how}`
}

function ofRights({ generation }: Denial, account: Account): string {
  const { bucket, username } = account
  if (generation === 3) {
    return `The token has no rights on database ${shellText(bucket)}; an administrator makes one that has with: influxdb3 create token --admin`
  }
  if (generation === 1 && username !== undefined) {
    const grant = `GRANT ALL ON ${nameText(bucket)} TO ${nameText(username)}`
    return `User ${shellText(username)} lacks rights on database ${shellText(bucket)}. An administrator should run: influx -execute ${shellText(grant)}`
  }
  return ofRights2(account)
}

function ofRights2(account: Account): string {
  const who =
    account.token === undefined ? `User ${shellText(account.username ?? '')}` : 'The token'
  return `${who} lacks rights to read and write bucket ${shellText(account.bucket)}; an administrator makes one that has them with: ${authCommand(account)}`
}

function ofDatabase({ generation }: Denial, account: Account): string {
  const name = shellText(account.bucket)
  if (generation === 1) {
    return `There is no database ${name}. An administrator should run: influx -execute ${shellText(`CREATE DATABASE ${nameText(account.bucket)}`)}`
  }
  if (generation === 3) {
    return `There is no database ${name}. An administrator should run: influxdb3 create database ${name}`
  }
  if (account.token !== undefined) {
    return `There is no bucket ${name} that this token may see: check BELLWETHER_INFLUX_BUCKET and the rights of the token. An administrator should run: ${bucketCommand(account)}`
  }
  return `There is no bucket ${name} that user ${shellText(account.username ?? '')} may see: it is missing (${bucketCommand(account)}) or the user has no rights on it (${authCommand(account)})`
}

export function bucketCommand({ bucket, org }: Account): string {
  return `influx bucket create --name ${shellText(bucket)}${inOrg(org)}`
}

function authCommand({ token, username, org }: Account): string {
  const rights = '--read-bucket BUCKET_ID --write-bucket BUCKET_ID'
  if (token !== undefined || username === undefined)
    return `influx auth create${inOrg(org)} ${rights}`
  return `influx v1 auth create${inOrg(org)} --username ${shellText(username)} ${rights}`
}

function inOrg(org: string | undefined): string {
  return org ? ` --org ${shellText(org)}` : ''
}
