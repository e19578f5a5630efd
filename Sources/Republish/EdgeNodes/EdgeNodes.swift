// EdgeNodes: the proxy's decisions carried out, each edge node over a connection and a will of its own.
//
//   EdgeNodeConnections.swift — Sparkplug edge nodes: a connection for each, and what the proxy decides
