/** A real S3 server, with files in a folder. */
import type { AddressInfo } from 'node:net'
import S3rver from 's3rver'

export interface RealS3 {
  /** The environment of a client. */
  readonly environment: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Credentials that the server accepts. */
const KEY = 'S3RVER'

export async function startRealS3(directory: string, bucket: string): Promise<RealS3> {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: bucket }],
  })
  const { port } = (await server.run()) as AddressInfo
  let closed: Promise<void> | undefined
  return {
    environment: {
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: KEY,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    },
    close: () => {
      closed ??= server.close()
      return closed
    },
  }
}
