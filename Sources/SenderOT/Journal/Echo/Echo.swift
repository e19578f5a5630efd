// Echo: blocks that are sent again.
//
//   EchoPlayer.swift — its thread: repeats blocks out of the journal
//   EchoSource.swift — what is repeated: blocks read back, and requests
