// Admitting: from a message of the OT broker to a numbered record, or to a reason why not.
//
//   Publication.swift — one message from the OT broker, and what became of it
//   ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   ExportRule.swift — one entry of it
//   Deadband.swift — how much a number has to change
//   PolicyGate.swift — what the policy makes of a message: it stays, waits, or is a record
//   HeldValue.swift — a value that waits for the rate of its rule
//   PolicyChange.swift — what a changed policy does to topics that are held
//   TopicSample.swift — topics, all counted and the first of them named
//   Admission.swift — from one message to a numbered record
