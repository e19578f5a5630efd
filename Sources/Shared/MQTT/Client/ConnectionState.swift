public import MQTTProtocol

/// What a connection is doing.
public enum ConnectionState: Sendable {
    /// Dialling. `attempt` counts from 1 and starts again after a good connection.
    case connecting(attempt: Int)
    /// The server said yes. Comes before anything that the server sends.
    case connected(ServerGrant)
    /// Gone, or never came; dialling again after `retry`.
    case disconnected(ConnectionError, retry: Duration)
    /// Stopped: the last call of this observer.
    case stopped
}

/// Why a publish or a subscription was not taken.
public enum PublishRefusal: Error, Sendable, Equatable {
    /// The queue is at one of its limits; a settlement makes room.
    case queueFull
    /// `stop` was called.
    case stopped
    /// A topic that is empty, longer than 65,535 bytes, not UTF-8, or with a wildcard or U+0000; a filter that is none.
    case invalidTopic
    /// Not a well-formed list of end-to-end properties.
    case invalidProperties
    /// More than an MQTT packet can hold, or than the queue could ever.
    case tooLarge
}
