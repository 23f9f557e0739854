// npm dcql reads queries, matches them against what a wallet holds, and checks what was presented.
// In: {name: {query, held: [credential], presented: {id: [credential]}}}. Out, each {ok, value} or {ok, error}:
// {name: {matched: {satisfiable, candidates: {id: {position: claims}}}, answered: boolean}}.
import { DcqlPresentationResult, DcqlQuery } from 'dcql'
import { answer, tried } from './job.mjs'

function parsed(unparsed) {
  const query = DcqlQuery.parse(unparsed)
  DcqlQuery.validate(query)
  return query
}

function match(query, held) {
  const result = DcqlQuery.query(query, held)
  const candidates = Object.entries(result.credential_matches).map(([id, { valid_credentials: found = [] }]) => [
    id,
    Object.fromEntries(found.map((one) => [one.input_credential_index, one.claims.valid_claim_sets[0].output])),
  ])
  return { satisfiable: Boolean(result.can_be_satisfied), candidates: Object.fromEntries(candidates) }
}

await answer(async (cases) => {
  const results = {}
  for (const [name, { query, held = [], presented = {} }] of Object.entries(cases)) {
    results[name] = {
      matched: await tried(() => match(parsed(query), held)),
      answered: await tried(() =>
        Boolean(DcqlPresentationResult.fromDcqlPresentation(presented, { dcqlQuery: parsed(query) }).can_be_satisfied)
      ),
    }
  }
  return results
})
