// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//   OT broker ─▶ ExportPolicy ─▶ diode
//
//   1. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
