/// Datagrams on their way: a binary heap by time of arrival, and by order of sending where times agree.
struct ArrivalQueue {
    /// A datagram, the path that it came by, and whether the sender sent exactly this.
    struct Datagram {
        var bytes: [UInt8]
        var path = 0
        var isGenuine: Bool
    }

    private struct Entry {
        var time: UInt64
        var order: UInt64
        var datagram: Datagram

        func precedes(_ other: Entry) -> Bool { time == other.time ? order < other.order : time < other.time }
    }

    private var heap: [Entry] = []
    private var sent: UInt64 = 0

    var nextTime: UInt64? { heap.first?.time }

    mutating func push(_ datagram: Datagram, at time: UInt64) {
        heap.append(Entry(time: time, order: sent, datagram: datagram))
        sent += 1
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next datagram that has arrived by `time`.
    mutating func pop(until time: UInt64) -> Datagram? {
        guard let first = heap.first, first.time <= time else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.datagram }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least])
            {
                least = child
            }
            guard least != parent else { return first.datagram }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
