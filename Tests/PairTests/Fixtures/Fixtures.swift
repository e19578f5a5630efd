// Fixtures: the pair between brokers, and what its messages, statuses and audits say.
//
//   Plant.swift — two brokers that keep everything, the pair between them, a collector behind it
//   LoadedPlant.swift — the pair under a steady load of numbered records
//   NumberedArrivals.swift — what arrived of such a load
//   Faithfulness.swift — what the plant published against what arrived
//   FidelityCase.swift — messages that arrive as they were sent: a row of docs/BROKERS.md
//   BrokerColumn.swift — brokers on both sides: a column of it
//   BrokerLimitation.swift — what a broker does to messages: a note of it
//   BrokerTable.swift — the table that these make
//   OddPacket.swift — something odd that an OT broker sends: a row of the matrix of docs/BROKERS.md
//   SenderState.swift — what the sender's status says
//   LinkWords.swift — state, reason and advice of the link as each place says them
//   AuditAnswer.swift — what the receiver's audit says
//   DatagramSink.swift — a UDP socket that keeps what arrives, and can send
//   Capture.swift — datagrams as a file that docs/verify reads
