// Refusals: what an IT broker that does not take a record means by it.
//
//   RefusalMeaning.swift — what a reason code, or the end of a connection, says of a record
//   RefusalSearch.swift — finds the record at which a broker ends the connection
//   RefusalMemory.swift — what was refused, so that the next one costs nothing
//   RefusedValues.swift — the same where publisher and read-back both look
//   PutOff.swift — records that the broker wants later
//   PublishPace.swift — how fast, after the broker has said "later"
//   AnswerWatch.swift — whether the broker answers anything at all
//   Concessions.swift — what the broker cannot do, and what is offered instead
