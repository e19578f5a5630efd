// Fixtures: a plant before the proxy, a host behind it.
//
//   RandomPlant ─▶ TestPayload ─▶ EdgeNodeProxy ─▶ StrictHost
//                                 └─────── ProxyRig ────────┘
//
//   TestPayload.swift — payloads as bytes, written and read without the room under test
//   RandomPlant.swift — edge nodes that live as they please
//   StrictHost.swift — a host that holds edge nodes to the letter of Sparkplug 3.0.0
//   ProxyRig.swift — a proxy with such a host and a broker behind it
