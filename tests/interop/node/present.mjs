// In: {origin, link, held: [{credential, key}], selectOnce, walletMetadata, enc}. Out: what was asked, shown, answered.
import { answerRequest } from './answering.mjs'
import { answer } from './job.mjs'

await answer(answerRequest)
