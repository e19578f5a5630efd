/// A queue in an array that grows to its largest use and is then reused.
///
/// ```text
///  slots:  · · │ first … last │ · ·      wraps around; the number of slots is a power of two
/// ```
struct Ring<Element: Sendable>: Sendable {
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : slots[head] }

    /// Position 0 is the oldest element.
    subscript(_ position: Int) -> Element {
        get {
            guard position >= 0, position < count, let element = slots[(head + position) & (slots.count - 1)] else {
                preconditionFailure("position \(position) of \(count)")
            }
            return element
        }
        set {
            precondition(position >= 0 && position < count, "position \(position) of \(count)")
            slots[(head + position) & (slots.count - 1)] = newValue
        }
    }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) & (slots.count - 1)] = element
        count += 1
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        slots[head] = nil
        head = (head + 1) & (slots.count - 1)
        count -= 1
        return element
    }

    mutating func removeAll() {
        while count > 0 { popFirst() }
    }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(16, slots.count * 2))
        for position in 0..<count { larger.append(self[position]) }
        larger.append(contentsOf: Array(repeating: nil, count: max(16, slots.count * 2) - count))
        slots = larger
        head = 0
    }
}
