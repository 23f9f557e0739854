// A browser without scripts at the issuer's pages: one cookie, and it follows nothing by itself.
const FORM = 'application/x-www-form-urlencoded'

export function openBrowser(origin) {
  let cookie = ''
  let page = ''

  async function exchange(method, path, body) {
    const headers = { Accept: 'text/html', 'Accept-Language': 'en', 'Sec-Fetch-Site': 'same-origin' }
    if (cookie) headers.Cookie = cookie
    if (body !== undefined) headers['Content-Type'] = FORM
    const response = await fetch(new URL(path, origin), { method, headers, body, redirect: 'manual' })
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }

  async function led(method, path, body) {
    const { status, location, text } = await exchange(method, path, body)
    if (status !== 303) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 200)}`)
    return location
  }

  // Shows the page at an address and keeps it.
  async function shows(path) {
    const { status, text } = await exchange('GET', path)
    if (status !== 200) throw new Error(`${path}: ${status} ${text.slice(0, 200)}`)
    page = text
    return page
  }

  // Presses the button of the form on the page whose action ends so; what the form keeps is sent along.
  function pressed(end) {
    const forms = [...page.matchAll(/<form[^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/gs)]
    const form = forms.find(([, to]) => to.endsWith(end))
    if (form === undefined) throw new Error(`the page has no form for ${end}`)
    const [, action, content] = form
    const kept = [...content.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    return led('POST', action, String(new URLSearchParams(kept.map(([, name, value]) => [name, value]))))
  }

  return {
    // Opens what a wallet has pushed, presses "show my identity data" and returns the link to the wallet.
    async askedForIdentity(address) {
      await shows(await led('GET', address))
      await shows(await pressed('/pid'))
      return page.match(/href="(openid4vp:[^"]+)"/)[1].replaceAll('&amp;', '&')
    },
    // Comes back from the wallet and returns the page that tells what the wallet will get.
    cameBack: async (address) => shows(await led('GET', address)),
    // Approves, and returns the address of the wallet that the browser is sent to.
    approved: () => pressed('/approve'),
  }
}
