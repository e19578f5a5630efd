// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//   OT broker ─▶ ExportPolicy ─▶ … ─▶ TransmissionEncoder ─▶ Pacer ─▶ … ─▶ diode
//
//   1. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   2. ClosedBlock.swift — a source block that will not change any more
//   3. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//   4. EthernetFraming.swift — what a datagram costs on the wire
//   5. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//   6. FrameArena.swift — the frames of one transmission, in reused memory
//   7. TransmissionClass.swift — what a transmission is for, in order of preference
//   8. Pacer.swift — decides which class sends next and how many frames
