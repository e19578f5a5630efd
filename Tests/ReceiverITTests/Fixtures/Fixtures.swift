// Fixtures: senders that a test writes, and receivers that hear them.
//
//   TestSender ─▶ frames ─▶ TestLink            a core under virtual time
//                      └──▶ AuditedReceiver     all of it, on sockets and a database
//
//   TestSender.swift — blocks and their frames, signed
//   StatePlant.swift — a sender that knows its state: slices and checkpoints
//   TestLink.swift — a receiver core under virtual time, with everything that it committed
//   AuditedReceiver.swift — a receiver with a real database, and the real diode-recv that audits it
//   SealedAccount.swift — a database with rows in every table, to tamper with
