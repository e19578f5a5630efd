// Echo: blocks that are sent again.
//
//   EchoPlayer.swift — the thread `echo`: repeats blocks out of the journal
//   EchoSource.swift — reads back the blocks that are repeated, and the requests for them
