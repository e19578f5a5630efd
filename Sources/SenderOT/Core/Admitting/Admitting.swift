// Admitting: from a message of the OT broker to a numbered record, or to a reason why not.
//
//   Publication.swift — one message from the OT broker, and what became of it
//   ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   ExportRule.swift — one rule of the policy: a filter, its exceptions, and the terms on which its topics cross
//   Deadband.swift — how much a number has to change
//   PolicyGate.swift — what the policy makes of a message: it stays, waits, or is a record
//   HeldValue.swift — a value that waits for the rate of its rule
//   WaitingValues.swift — all values that wait, and which of them may go now
//   Admission.swift — takes messages to the gate and does what the gate says
//   UnexportedSlots.swift — what a changed policy does not export any more
//   PolicyComparison.swift — what another policy would change
//   TopicSample.swift — topics, all counted and the first of them named
