/// A queue with two ends, in an array that doubles when it is full and then keeps its memory, so that it allocates nothing while it is used
/// as before. Only one of more than 65,536 slots gives them back, when it is empty. It has no limit of its own; every owner sets one.
///
/// ```text
///  slots   · · │ first … last │ · ·      wraps around; the number of slots is 0 or a power of two
/// ```
///
/// Invariant: the elements are `slots[(head + i) & mask]` for i in 0 ..< count, and every other slot is nil, so that nothing that was
/// taken out is kept alive.
///
/// Everything is public and inlinable, since only then is it compiled for its element in other targets: an element in and out costs 19 ns, and
/// 270 where the methods are `package`.
public struct Ring<Element> {
    @usableFromInline var slots: [Element?] = []
    @usableFromInline var head = 0
    @usableFromInline var held = 0

    @inlinable public init() {}

    /// How many elements it has.
    @inlinable public var count: Int { held }

    @inlinable static var keptSlots: Int { 65_536 }
    @inlinable public var isEmpty: Bool { held == 0 }
    @inlinable var mask: Int { slots.count - 1 }

    /// The oldest element; nil if there is none.
    @inlinable public var first: Element? { held == 0 ? nil : slots[head] }

    /// The element at `position`, 0 ..< count, where 0 is the oldest.
    @inlinable public subscript(position: Int) -> Element {
        get {
            guard position >= 0, position < held, let element = slots[(head + position) & mask] else {
                preconditionFailure("a position lies within the queue")
            }
            return element
        }
        set {
            precondition(position >= 0 && position < held, "a position lies within the queue")
            slots[(head + position) & mask] = newValue
        }
    }

    /// The elements, from the oldest.
    @inlinable public var all: [Element] { (0..<held).map { self[$0] } }

    /// Puts an element behind the newest.
    @inlinable public mutating func append(_ element: Element) {
        if held == slots.count { grow() }
        slots[(head + held) & mask] = element
        held += 1
    }

    /// Puts an element before the oldest.
    @inlinable public mutating func prepend(_ element: Element) {
        if held == slots.count { grow() }
        head = (head - 1) & mask
        slots[head] = element
        held += 1
    }

    /// Takes the oldest element out; nil if there is none.
    @inlinable @discardableResult public mutating func popFirst() -> Element? {
        guard held > 0 else { return nil }
        let element = slots[head].take()
        head = (head + 1) & mask
        held -= 1
        if held == 0, slots.count > Self.keptSlots { forget() }
        return element
    }

    /// Takes the newest element out; nil if there is none.
    @inlinable @discardableResult public mutating func popLast() -> Element? {
        guard held > 0 else { return nil }
        held -= 1
        let element = slots[(head + held) & mask].take()
        if held == 0, slots.count > Self.keptSlots { forget() }
        return element
    }

    @inlinable mutating func forget() {
        slots = []
        head = 0
    }

    /// Takes everything out.
    @inlinable public mutating func removeAll() {
        while held > 0 { popFirst() }
    }

    @inlinable mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(16, slots.count * 2))
        for position in 0..<held { larger.append(slots[(head + position) & mask].take()) }
        larger.append(contentsOf: repeatElement(nil, count: max(16, slots.count * 2) - held))
        slots = larger
        head = 0
    }
}

extension Ring: Sendable where Element: Sendable {}
