/// A queue that grows by doubling and keeps its memory: after its largest moment it allocates nothing.
///
/// Invariant: the elements are `slots[(head + i) & mask]` for i in 0..<count; every other slot is nil.
struct RingBuffer<Element> {
    private var slots: [Element?]
    private var head = 0
    private(set) var count = 0

    init(minimumCapacity: Int = 16) {
        var capacity = 16
        while capacity < minimumCapacity { capacity *= 2 }
        slots = Array(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { count == 0 }
    private var mask: Int { slots.count - 1 }

    var first: Element? { count == 0 ? nil : slots[head] }

    /// The element at `index`, 0 ..< count, from the oldest.
    subscript(index: Int) -> Element {
        get {
            guard index >= 0, index < count, let element = slots[(head + index) & mask] else {
                preconditionFailure("an index lies within the queue")
            }
            return element
        }
        set {
            precondition(index >= 0 && index < count, "an index lies within the queue")
            slots[(head + index) & mask] = newValue
        }
    }

    /// The elements, from the oldest.
    var all: [Element] { (0..<count).map { self[$0] } }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) & mask] = element
        count += 1
    }

    mutating func prepend(_ element: Element) {
        if count == slots.count { grow() }
        head = (head - 1) & mask
        slots[head] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head].take()
        head = (head + 1) & mask
        count -= 1
        return element
    }

    mutating func popLast() -> Element? {
        guard count > 0 else { return nil }
        count -= 1
        return slots[(head + count) & mask].take()
    }

    private mutating func grow() {
        var larger = [Element?](repeating: nil, count: slots.count * 2)
        for index in 0..<count { larger[index] = slots[(head + index) & mask].take() }
        slots = larger
        head = 0
    }
}
