// One JSON value comes in on stdin, one goes out on stdout; whatever is thrown ends the process with its stack.
export async function answer(work) {
  let text = ''
  for await (const piece of process.stdin) text += piece
  const result = await work(JSON.parse(text))
  process.stdout.write(JSON.stringify(result))
}

// Runs one step of many: what a library says of a wrong input is an answer too.
export async function tried(step) {
  try {
    return { ok: true, value: await step() }
  } catch (error) {
    return { ok: false, error: String(error?.message ?? error).slice(0, 300), ...answerBehind(error) }
  }
}

// The answer of a server that an error of @openid4vc is about, where there is one.
function answerBehind(error) {
  const answer = error?.errorResponse ?? error?.response?.credentialErrorResponseResult?.data
  return answer ? { answer } : {}
}
