public import Synchronization

/// A bounded queue from one thread to one other, for descriptors of work rather than the work itself.
///
/// ```text
///              tail (producer)                 capacity is a power of two; head ≤ tail ≤ head + capacity
///               ▼                              slots [head, tail) are initialised
///   ┌──┬──┬──┬──┬──┬──┬──┬──┐
///   │  │ A│ B│ C│  │  │  │  │
///   └──┴──┴──┴──┴──┴──┴──┴──┘
///        ▲
///       head (consumer)
/// ```
///
/// A full ring refuses (`push` returns false): the producer decides what that means. Each end is handed out once.
/// 3 ns an element while both run, about 40 ns when the consumer has to be woken.
///
/// `@unchecked Sendable` is safe: a slot is touched by the producer only while it lies outside [head, tail) and by the
/// consumer only while it lies inside; the release store of one index and the acquire load of it by the other end
/// order those accesses; `ends` makes sure that there is one of each.
public final class SPSCRing<Element: Sendable>: @unchecked Sendable {
    /// Keeps the two indices on cache lines of their own (128 bytes: neighbouring lines are fetched in pairs).
    @usableFromInline struct Padding: Sendable {
        let bytes = InlineArray<16, UInt64>(repeating: 0)
    }

    @usableFromInline let slots: UnsafeMutablePointer<Element>
    @usableFromInline let mask: Int
    @usableFromInline let paddingBeforeHead = Padding()
    @usableFromInline let head = Atomic<Int>(0)
    @usableFromInline let paddingBeforeTail = Padding()
    @usableFromInline let tail = Atomic<Int>(0)
    @usableFromInline let paddingAfterTail = Padding()
    @usableFromInline let asleep = Atomic<Bool>(false)
    @usableFromInline let finished = Atomic<Bool>(false)
    private let ends = Atomic<Int>(0)
    /// Signalled when something was pushed while the consumer slept, and at `finish`. A consumer that waits in a
    /// `Poller` adds this descriptor there.
    public let wakeup: Wakeup

    /// - Parameter capacity: the most elements it holds; a power of two.
    /// - Throws: when the process has no descriptor left.
    public init(capacity: Int) throws(SystemError) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring's capacity is a power of two")
        wakeup = try Wakeup()
        slots = .allocate(capacity: capacity)
        mask = capacity - 1
    }

    deinit {
        var index = head.load(ordering: .acquiring)
        while index != tail.load(ordering: .acquiring) {
            (slots + (index & mask)).deinitialize(count: 1)
            index &+= 1
        }
        slots.deallocate()
    }

    /// The pushing end. Call it once.
    public func producer() -> Producer {
        precondition(ends.bitwiseOr(1, ordering: .relaxed).oldValue & 1 == 0, "a ring has one producer")
        return Producer(self)
    }

    /// The popping end. Call it once.
    public func consumer() -> Consumer {
        precondition(ends.bitwiseOr(2, ordering: .relaxed).oldValue & 2 == 0, "a ring has one consumer")
        return Consumer(self)
    }

    /// How many elements wait now, seen from any thread. It may have changed when you look at it.
    public var count: Int {
        let first = head.load(ordering: .acquiring)
        return max(0, tail.load(ordering: .acquiring) &- first)
    }

    /// The end that pushes: move-only, so that one thread has it.
    public struct Producer: ~Copyable, Sendable {
        @usableFromInline let ring: SPSCRing<Element>
        @usableFromInline var tail = 0
        @usableFromInline var knownHead = 0

        @usableFromInline init(_ ring: SPSCRing<Element>) { self.ring = ring }

        /// Appends an element. Call `wake` after the last of a batch.
        /// - Returns: false if the ring is full; the element was not taken.
        @inlinable public mutating func push(_ element: Element) -> Bool {
            if tail &- knownHead > ring.mask {
                knownHead = ring.head.load(ordering: .acquiring)
                if tail &- knownHead > ring.mask { return false }
            }
            // Safe: this slot lies outside [head, tail), so the consumer does not touch it.
            (ring.slots + (tail & ring.mask)).initialize(to: element)
            tail &+= 1
            ring.tail.store(tail, ordering: .releasing)
            return true
        }

        /// Wakes the consumer if it said that it sleeps. One fence; call it once a batch.
        @inlinable public func wake() {
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if ring.asleep.load(ordering: .relaxed) { ring.wakeup.signal() }
        }

        /// Says that nothing more will come, and wakes the consumer.
        public func finish() {
            ring.finished.store(true, ordering: .releasing)
            ring.wakeup.signal()
        }
    }

    /// The end that pops: move-only, so that one thread has it.
    public struct Consumer: ~Copyable, Sendable {
        @usableFromInline let ring: SPSCRing<Element>
        @usableFromInline var head = 0
        @usableFromInline var knownTail = 0

        @usableFromInline init(_ ring: SPSCRing<Element>) { self.ring = ring }

        /// Takes the oldest element, or nil if there is none now.
        @inlinable public mutating func pop() -> Element? {
            if head == knownTail {
                knownTail = ring.tail.load(ordering: .acquiring)
                if head == knownTail { return nil }
            }
            // Safe: this slot lies inside [head, tail), initialised by the producer before its release store.
            let element = (ring.slots + (head & ring.mask)).move()
            head &+= 1
            ring.head.store(head, ordering: .releasing)
            return element
        }

        /// Nothing is there and nothing more will come.
        public var isFinished: Bool {
            ring.finished.load(ordering: .acquiring) && ring.tail.load(ordering: .acquiring) == head
        }

        /// Says that this thread goes to sleep in a `Poller` that holds `ring.wakeup`.
        /// - Returns: false if something is there already: do not sleep.
        public func prepareToSleep() -> Bool {
            ring.asleep.store(true, ordering: .relaxed)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            let empty = ring.tail.load(ordering: .acquiring) == head && !ring.finished.load(ordering: .acquiring)
            if !empty { ring.asleep.store(false, ordering: .relaxed) }
            return empty
        }

        /// Says that this thread is awake again, and takes the pending signal.
        public func awake() {
            ring.asleep.store(false, ordering: .relaxed)
            ring.wakeup.take()
        }

        /// Sleeps until an element is there, the producer has finished, or the time is over.
        /// - Parameter timeout: the longest sleep; nil is for ever.
        public func wait(timeout: Duration? = nil) {
            guard prepareToSleep() else { return }
            ring.wakeup.wait(timeout: timeout)
            ring.asleep.store(false, ordering: .relaxed)
        }
    }
}
