// Verdict: how a link is. State, reason and advice are made in one place from one set of values; status, retained status, log and audit
// show them (ADR 0025).
//
//   core, store, audit ──▶ LinkFacts ──▶ LinkVerdict ──▶ status, diode/<link>/status, log, vitals ──▶ audit
//
//   LinkState.swift — how far a link can be trusted to be current
//   Lag.swift — how old values are when they come, and from when on that counts
//   AccountMatters.swift — what of a link's account is not in order
//   CauseWords.swift — what gaps are put down to, for people
//   LinkFacts.swift — everything that a link is judged by
//   LinkVerdict.swift — the judgement: state, reason, and what to do
//   Condition.swift — how a part of the pair is, since when, and why; whether the namespaces of both sides agree
