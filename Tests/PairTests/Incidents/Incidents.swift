// Incidents: what an operator may meet, on the running pair, against the table of docs/OPERATIONS.md.
//
//   Incident: it happens ─▶ IncidentPlant ─▶ status, diode/<link>/status, log, audit ─┬─ one verdict, a reason, a next step
//                     docs/OPERATIONS.md ─▶ IncidentTable.Row ─────────────────────┘
//
//   IncidentTable.swift — the rows of the document
//   IncidentPlant.swift — the pair to which it happens, and what each place says
//   Incident.swift — how it comes about, and how it ends
//   LinkIncidents.swift — of the fibre, the buffer, the card, the receiver itself
//   DiskIncidents.swift — of disks
//   BrokerIncidents.swift — of brokers
//   DatabaseIncidents.swift — of databases that are lost or older
//   SenderIncidents.swift — of clocks, and of who sends
//   IncidentTests.swift — each of them
