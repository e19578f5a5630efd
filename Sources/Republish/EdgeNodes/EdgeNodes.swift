// EdgeNodes: the proxy's decisions carried out, each edge node over a connection and a will of its own.
//
//   EdgeNodeConnection.swift — the connection of one edge node: when it is dialled, whether it stands
//   ProxiedDeliveries.swift — deliveries that the proxy has, until they are answered
//   EdgeNodeConnections.swift — Sparkplug edge nodes: a connection for each, and what the proxy decides
