// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//                     ┌───────────────────────── SenderCore: no I/O, no clock ───────────────────────┐
//   OT broker ─MQTT─▶ │ ExportPolicy ─▶ Stamper + NamespaceSlots ─▶ BlockBatcher ◀ BeatScheduler     │
//                     └───────────────────────────────────┬──────────────────────────────────────────┘
//                                                ClosedBlock │
//   diode ◀─UDP─ DatagramEmitter ◀─ Pacer ◀─ TransmissionEncoder ◀─ TransmissionQueue
//
// Core:
//   1. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   2. Stamper.swift — numbers the records of an epoch
//   3. NamespaceSlots.swift — the last known values of every topic, and its version
//   4. BlockBatcher.swift — gathers records into blocks and closes them in time
//   5. BeatScheduler.swift — a heartbeat block each period
//   6. SenderCore.swift — 1 to 5 together
// Values between the stages:
//   7. ClosedBlock.swift — a source block that will not change any more
//   8. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//   9. EthernetFraming.swift — what a datagram costs on the wire
//  10. Transmission.swift — one sending of a block, asked for
//  11. TransmissionClass.swift — what a transmission is for, in order of preference
// To the link:
//  12. TransmissionQueue.swift — what waits for the emitter, bounded
//  13. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  14. FrameArena.swift — the frames of one transmission, in reused memory
//  15. Pacer.swift — decides which class sends next and how many frames
//  16. FrameEmitter.swift — the thread that encodes, paces and emits
//  17. EmissionLoop.swift — its state and its loop
// Settings:
//  18. SenderConfiguration.swift — everything that send.json5 says
