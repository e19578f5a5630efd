import Outbox

/// The place of the Sparkplug edge node on the IT side. For now every record passes through as it is.
struct EdgeNodeProxy: Sendable {
    enum Route: Equatable {
        /// Publish it like any other record.
        case publish
        /// Taken up into a state that the proxy publishes itself.
        case folded
    }

    func route(_ delivery: borrowing Delivery) -> Route { .publish }
}
