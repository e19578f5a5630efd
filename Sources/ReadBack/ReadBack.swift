// ReadBack: what the IT broker retains of a link is read, compared with the replica, and put right (ADR 0013, 0020). It is the only
// conversation in the receiver: three threads speak in turn, through one mailbox a link, and none of them ever waits for the core.
//
//   publish thread (BrokerReading)          core thread (RetainedComparison)           store thread
//   ─────────────────────────────────────────────────────────────────────────────────────────────────────────
//   a connection stands, the period is
//   over, or there is a wish
//     │ request ─────────────────────────▶ begin: from now on a change is on its
//     │   waits until the replica is whole way to the broker. accept; the round's ──▶ rounds before it are staged:
//     │                                    commit bears the reading's number          begin(number, behind: position)
//     │ ◀──────────────────────────────────────────────────────────── wakes ──────────────────┘
//     │ waits until the outbox has settled all before that position
//     ▼
//   RetainedReader, on a connection and
//   a thread of its own
//     │ put, put, … ─────────────────────▶ compare ─▶ right
//     │   waits while 4,096 values lie             ─▶ not in the replica: deleted there at once, as a refresh
//     │   in the mailbox                           ─▶ another value: marked
//     ▼ finish ──────────────────────────▶ end: what was not seen is marked
//                                            │ the slice that says a marked topic publishes it as a refresh
//   reads again, at most twice in a row ◀─ wish: no mark is left
//
//   The broker goes: the publisher cancels and stops the reader (`put` answers that the reading is over), and the core forgets what it
//   knew of the broker; marks stay, since repairing what is right does no harm. The next connection begins with a request. What is
//   left of an earlier reading changes nothing: its values leave the mailbox when it is over, and a position that the store reports
//   for it bears its number.
//
//   Core/ — the conversation and the comparison as state machines: no I/O, no clock
//   ReadBackMailbox.swift — where the three threads meet
//   Reader/ — the publisher's end: when to read, and how
