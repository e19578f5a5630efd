// Proxying: the receiver's side. It plays the plant's edge nodes towards the hosts of the IT side.
//
//   BirthComposer.swift — births and deaths as hosts must see them
//   DataRewriter.swift — data as hosts must see it
//   RebirthThrottle.swift — how often hosts are answered
//   HostState.swift — whether the primary host is online
//   NodePlaces.swift — how many edge nodes there may be, and of one group
//   WaitingRecords.swift — what has no answer yet: it waits for the birth of its node or device
//   DeviceTrack.swift — a node's or device's table, its place in the stream, what the IT side has seen of it
//   ProxyEffects.swift — what a session wants done
//   EdgeNodeSession.swift — one edge node: what the plant says of it
//   SessionData.swift — one edge node: the plant's data
//   SessionBirths.swift — one edge node: what hosts see of it
//   EdgeNodeMemory.swift — what is known of nodes, kept over a restart
//   EdgeNodeProxy.swift — all edge nodes of a link, as hosts see them
//   ProxyReport.swift — what the proxy has done
