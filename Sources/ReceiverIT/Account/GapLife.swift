package import DiodeProtocol
package import Time

// How a gap changes. Records leave `missing` or `lost` only through these methods, so that a gap always knows when it closed and by what.
//
//   open ──▶ missing records come ──▶ healed
//    │ ▲ └─▶ missing records are given up ──▶ lost ──▶ lost records still come ──▶ healed
//    └─┘ more is missing at its end

extension Gap {
    /// More records are missing behind its end: the hole that it stands for grew.
    /// - Parameter sourceTo: by which time of the sender's clock they were made.
    package mutating func grow(
        by records: UInt64, lastBlock: BlockNumber, lastSequence: SequenceNumber, sourceTo: UnixMilliseconds?
    ) {
        setSource(from: sourceFrom, to: sourceTo)
        self.lastSequence = lastSequence
        self.lastBlock = lastBlock
        missing += records
    }

    /// Records of it came.
    /// - Parameters:
    ///   - records: how many came, those in `grown` among them.
    ///   - grown: how many of them nobody had known to be missing, because they lie behind the end of the hole.
    ///   - wereLost: the records had been given up before.
    /// - Returns: whether that closed it.
    package mutating func heal(
        _ records: UInt64, grown: UInt64 = 0, wereLost: Bool, by healing: Healing, at time: UnixMilliseconds
    ) -> Bool {
        let before = state
        if wereLost {
            lost += grown
            lost -= records
        } else {
            missing += grown
            missing -= records
        }
        return close(after: before, by: healing, at: time)
    }

    /// Missing records of it are given up.
    /// - Returns: whether that closed it.
    package mutating func lose(_ records: UInt64, at time: UnixMilliseconds) -> Bool {
        let before = state
        missing -= records
        lost += records
        return close(after: before, by: nil, at: time)
    }

    /// Records of it are not to be counted any more: they became void, or were never promised to this receiver.
    /// - Parameter wereLost: the records had been given up before.
    /// - Returns: whether that closed it.
    package mutating func withdraw(_ records: UInt64, wereLost: Bool, at time: UnixMilliseconds) -> Bool {
        let before = state
        if wereLost { lost -= records } else { missing -= records }
        return close(after: before, by: nil, at: time)
    }

    /// Says between which times of the sender's clock its records were made. A sender's clock that was set back in between would make
    /// the gap end before it began; the two times then change places.
    package mutating func setSource(from: UnixMilliseconds?, to: UnixMilliseconds?) {
        sourceFrom = from
        sourceTo = to
        guard let from, let to, to < from else { return }
        (sourceFrom, sourceTo) = (to, from)
    }

    /// Notes when and by what it closed, if it has just done so. A gap that was lost and then heals closes a second time.
    private mutating func close(after before: State, by healing: Healing?, at time: UnixMilliseconds) -> Bool {
        guard state != .open, state != before else { return false }
        closedAt = time
        healedBy = state == .healed ? healing : nil
        return true
    }
}
