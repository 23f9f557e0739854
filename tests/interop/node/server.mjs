// A small HTTP server for an issuer and a verifier of other makers. One JSON value on each line of stdin and stdout:
// it tells its origin, is told what to issue and ask, tells offer and link, and at the end what it has seen.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

export const json = (value) => text(JSON.stringify(value), 'application/json')
export const text = (body, type) => ({ status: 200, type, body })

export async function serve(open) {
  let routes = {}
  const server = createServer(async (incoming, outgoing) => {
    const { status, type, body } = await answered(routes, incoming)
    outgoing.writeHead(status, { 'Cache-Control': 'no-store', ...(type && { 'Content-Type': type }) }).end(body)
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const origin = `http://127.0.0.1:${server.address().port}`
  say({ origin })
  let seen = () => null
  for await (const line of createInterface({ input: process.stdin })) {
    const { open: wanted } = JSON.parse(line)
    if (wanted) {
      const opened = await open({ origin, ...wanted })
      routes = opened.routes
      seen = opened.seen
      say(opened.told)
    } else say(seen())
  }
  server.closeAllConnections()
  server.close()
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

async function answered(routes, incoming) {
  const route = routes[`${incoming.method} ${incoming.url.split('?')[0]}`]
  if (!route) return { status: 404 }
  let body = ''
  for await (const piece of incoming) body += piece
  const type = incoming.headers['content-type']
  const request = { url: incoming.url, method: incoming.method, headers: new Headers(incoming.headers) }
  try {
    return await route({
      request,
      form: type === 'application/x-www-form-urlencoded' ? Object.fromEntries(new URLSearchParams(body)) : {},
      body: type === 'application/json' ? JSON.parse(body) : {},
    })
  } catch (error) {
    const refusal = error.errorResponse ?? { error: 'invalid_request', error_description: String(error.message) }
    return { ...json(refusal), status: 400 }
  }
}
