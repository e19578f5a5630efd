/// Datagrams on their way: a binary heap by time of arrival, and by order of sending where times agree.
struct ArrivalQueue {
    private struct Entry {
        var time: UInt64
        var order: UInt64
        var bytes: [UInt8]
        var isGenuine: Bool

        func precedes(_ other: Entry) -> Bool { time == other.time ? order < other.order : time < other.time }
    }

    private var heap: [Entry] = []
    private var sent: UInt64 = 0

    var nextTime: UInt64? { heap.first?.time }

    /// - Parameter isGenuine: the sender sent exactly this.
    mutating func push(_ bytes: [UInt8], isGenuine: Bool, at time: UInt64) {
        heap.append(Entry(time: time, order: sent, bytes: bytes, isGenuine: isGenuine))
        sent += 1
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next datagram that has arrived by `time`.
    mutating func pop(until time: UInt64) -> (bytes: [UInt8], isGenuine: Bool)? {
        guard let first = heap.first, first.time <= time else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.bytes, first.isGenuine) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least])
            {
                least = child
            }
            guard least != parent else { return (first.bytes, first.isGenuine) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
