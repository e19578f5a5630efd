// Cores: the cases that need no broker. They measure the erasure code, the cores of both sides, and what these allocate.
//
//   FECBench.swift — fec: encoding and decoding of whole blocks
//   ISALBlock.swift — the same by ISA-L
//   FramesBench.swift — frames: records to signed frames to deliveries, on one core
//   RecordSet.swift — what a plant publishes
//   SendingSide.swift — the sender between broker and socket
//   FrameTape.swift — what it put on the link
//   ReceivingSide.swift — the receiver between socket and outbox
//   CryptographyAlone.swift — what libcrypto alone takes for a block
//   FrontDoorBench.swift — frontdoor: genuine records among forged frames, through a socket
//   AllocationBench.swift — allocations: what both do without the heap
//   OutboxBench.swift — outbox: into a file and out of it again
//   StoreBench.swift — store: transactions of everything that the receiver keeps
//   StoredUnits.swift — units that outbox and store take in
