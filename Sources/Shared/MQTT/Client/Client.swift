// Client: the connection that users hold, and the one thread behind it, which dials, reads, writes and dials again.
//
//   ConnectionError.swift — why there is no connection
//   Backoff.swift — the pause before dialling again
//   VersionChoice.swift — which version the next connection speaks
//   PublishQueue.swift — publishes that wait for the window
//   Mailbox.swift — what users want of the connection's thread
//   Dialer.swift — opens the way to the server
//   ConnectionLoop.swift — what the connection's thread does
//   ConnectionState.swift — what a connection tells of itself
//   Connection.swift — the one type that users hold
//   SettingsCheck.swift — whether settings are within their ranges
//   OwnConnections.swift — whether a server takes several connections of ours for one client
