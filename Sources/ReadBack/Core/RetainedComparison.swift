package import DiodeProtocol

/// What a reading of the IT broker has found, topic by topic, and what is to be repaired. The replica owns one and tells it of each
/// change of a retained value; a topic is the number of its place there.
///
/// ```text
///  a value that was read ─▶ its topic changed during this reading: on its way there, so it is right
///                        ─▶ as the replica holds it: right
///                        ─▶ another: wrong ─┐
///                        ─▶ nothing is retained in the plant: a ghost, to be deleted there at once, if it is known to be ours
///  at the end: not seen ──────────▶ wrong ──┴─▶ marked ─▶ takeWrong, by the slice that says the value ─▶ no mark left ─▶ takeWish
/// ```
///
/// A reading that finds something is followed by another one, for as long as each finds less than the one before: what a broker never takes
/// is not repaired for ever, and what it takes little by little is.
package struct RetainedComparison: Sendable {
    /// What the replica knows of a topic that was read.
    package enum Known {
        /// It holds a value: of this stamp, with this hash of the payload.
        case held(Stamp, value: UInt64)
        /// Nothing is retained in the plant; the stamp of the deletion where it is known.
        case nothing(Stamp?)
    }

    /// How a value that was read stands to that.
    package enum Verdict: Equatable {
        /// What it should be, or on its way there.
        case right
        /// Another value; its topic is marked.
        case wrong
        /// A value although nothing is retained.
        case ghost(Stamp?)
        /// A value that we are not known to have written: somebody has copied it there.
        case foreign
    }

    /// What a reading has come to.
    package enum Result: Equatable {
        case right
        /// So many values are missing or others, and so many should not be there: they are repaired. So many the broker has refused.
        case differs(wrong: Int, ghosts: Int, refused: Int)
    }

    private struct Mark {
        /// The readings during which the retained value last changed, and was last seen on the IT broker.
        var changedIn: UInt32 = 0
        var seenIn: UInt32 = 0
        /// The reading that found another value there.
        var wrongIn: UInt32 = 0
        /// The IT broker retains something else: the next slice repairs it.
        var isWrong = false
    }

    private static let repairLimit = 2

    private var marks: [Mark] = []
    /// Counts readings.
    private var reading: UInt32 = 0
    /// Topics that are marked.
    private var wrongLeft = 0
    /// What this reading has found.
    private var wrong = 0
    private var ghosts = 0
    /// Another reading shall tell whether the repair worked.
    private var awaitsRepair = false
    /// Values that the broker has refused, and that are missing for that.
    private var refused = 0
    /// Readings in a row that found no less than the one before, and what that one found.
    private var futile = 0
    private var found: Int?

    package init() {}

    // MARK: The replica tells

    /// The retained value of a topic changed: a publish is on its way that puts the IT broker right.
    package mutating func noteChange(_ place: Int) {
        grow(to: place)
        marks[place].changedIn = reading
        guard marks[place].isWrong else { return }
        marks[place].isWrong = false
        wrongLeft -= 1
    }

    /// A topic is gone, and its place will be another's.
    package mutating func forget(_ place: Int) {
        guard place < marks.count else { return }
        if marks[place].isWrong { wrongLeft -= 1 }
        marks[place] = Mark()
    }

    /// Marks a topic, whatever the IT broker retains.
    package mutating func mark(_ place: Int) {
        grow(to: place)
        guard !marks[place].isWrong else { return }
        marks[place].isWrong = true
        wrongLeft += 1
    }

    /// Moves out whether a topic is marked: it is about to be repaired.
    package mutating func takeWrong(_ place: Int) -> Bool {
        guard place < marks.count, marks[place].isWrong else { return false }
        noteChange(place)
        return true
    }

    private mutating func grow(to place: Int) {
        while marks.count <= place { marks.append(Mark()) }
    }

    // MARK: A reading

    /// A reading begins: from now on retained values that change are on their way to the IT broker.
    package mutating func begin() {
        reading &+= 1
        forgetFindings()
    }

    /// Nobody knows what the IT broker retains.
    package mutating func cancel() {
        forgetFindings()
        futile = 0
        found = nil
    }

    private mutating func forgetFindings() {
        wrong = 0
        ghosts = 0
        refused = 0
        awaitsRepair = false
    }

    /// Whether a topic's retained value has changed since the reading began.
    package func hasChanged(_ place: Int) -> Bool { (place < marks.count ? marks[place].changedIn : 0) == reading }

    /// Compares a value that was read; by stamp too, where the broker tells it.
    package mutating func compare(_ value: RetainedValue, at place: Int, with known: Known) -> Verdict {
        grow(to: place)
        guard marks[place].changedIn != reading else { return .right }
        switch known {
        // Its deletion is known, or it names this topic as the one that we wrote it to.
        case .nothing(let stamp): return stamp != nil || value.isOurs ? .ghost(stamp) : .foreign
        case .held(let stamp, let hash):
            marks[place].seenIn = reading
            guard (value.stamp ?? stamp) == stamp, value.value == hash else {
                mark(place)
                marks[place].wrongIn = reading
                wrong += 1
                return .wrong
            }
            return .right
        }
    }

    /// What should not be there is about to be deleted.
    package mutating func noteGhost() { ghosts += 1 }

    /// Whether a topic that the replica holds was neither seen during the reading nor changed.
    package func isUnseen(_ place: Int) -> Bool {
        place >= marks.count ? reading != 0 : marks[place].changedIn != reading && marks[place].seenIn != reading
    }

    /// A topic should be on the IT broker and was not seen there; it is marked.
    package mutating func noteUnseen(_ place: Int) {
        mark(place)
        wrong += 1
    }

    /// A topic is not what it should be because the broker has refused its value: nothing is to be repaired.
    package mutating func noteRefused(_ place: Int) {
        refused += 1
        if isWrong(place) { wrong -= 1 }
        guard place < marks.count, marks[place].isWrong else { return }
        marks[place].isWrong = false
        wrongLeft -= 1
    }

    /// Whether this reading has found another value of a topic.
    package func isWrong(_ place: Int) -> Bool {
        place < marks.count && reading != 0 && marks[place].wrongIn == reading
    }

    /// All of it was read.
    package mutating func end() -> Result {
        let result = Result.differs(wrong: wrong, ghosts: ghosts, refused: refused)
        let finding = wrong + ghosts
        guard finding > 0 else {
            defer { cancel() }
            return refused > 0 ? result : .right
        }
        let shrinks = found.map { finding <= $0 - max(1, $0 / 50) } ?? false
        futile = shrinks ? 0 : futile + 1
        found = finding
        awaitsRepair = futile < Self.repairLimit
        return result
    }

    /// Moves out whether everything that was wrong has been handed over, so that reading again makes sense.
    package mutating func takeWish() -> Bool {
        guard awaitsRepair, wrongLeft == 0 else { return false }
        awaitsRepair = false
        return true
    }
}
