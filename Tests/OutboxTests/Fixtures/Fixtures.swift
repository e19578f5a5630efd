// Fixtures: an outbox and what goes into it.
//
//   TestRecords.swift — records as a test writes them, and units of them
//   OutboxRig.swift — an outbox on a real file, the store thread's steps taken one by one
