/** Runs the load generator in its own process and gives back what it measured. */

import { type ChildProcess, spawn } from 'node:child_process'
import { deviceId, deviceToken } from './bench-server.ts'

export interface LoadResult {
  acks: number
  acksPerSecond: number
  p50Ms: number
  p99Ms: number
  cpuSeconds: number
}

export interface Load {
  result: Promise<LoadResult>
  stop(): void
}

/** Devices `bench-<offset>` … publish readings of four properties, each message with its own time. */
export function startLoad(options: {
  port: number
  connections: number
  window: number
  seconds: number
  /** Messages per second in all; 0 for as many as are acknowledged. */
  rate?: number
  offset?: number
}): Load {
  const args = {
    port: options.port,
    connections: options.connections,
    window: options.window,
    seconds: options.seconds,
    warmup: 0,
    rate: options.rate ?? 0,
    offset: options.offset ?? 0,
    user: deviceId(''),
    password: deviceToken(''),
  }
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/bench/mqtt-load.ts', '--unique', '--clean', ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const result = new Promise<LoadResult>((resolve, reject) => {
    // Not `exit`: the output may still be on its way then.
    child.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output.trim().split('\n').at(-1) ?? '') as LoadResult)
      else if (signal === null) reject(new Error(`the generator ended with ${code}`))
    })
  })
  return { result, stop: () => child.kill() }
}

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
