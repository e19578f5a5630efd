internal import Account
internal import DiodeProtocol
internal import Time

/// Signs of why records do not come, each with the time when it was last seen: they say what a gap that opens now is put down to
/// (promise P9). What was sent before this process listened is `receiver-down` whatever else was seen; else the strongest sign counts:
///
/// ```text
/// socket, nic      the kernel or the interface dropped datagrams
/// version          frames of a wire version came that this program cannot read
/// authentication   frames came that the sender did not sign, or more than may be verified
/// sender-queue     the sender says that its own kernel did not take frames; its next beat says so, behind the first gap
/// link             nothing at all was heard for the silence timeout
/// sender-restart   the gap lies at the end of an epoch that is over
/// fec              some of each missing block came, and more was lost than its repair symbols restore
/// link             nothing of some missing block came
/// ```
package struct LossEvidence: Sendable {
    package enum Sign: Int, CaseIterable, Sendable { case socket, nic, version, authentication, senderQueue, silence }

    /// How long a sign counts: a gap opens when its reorder window is over, and beats come each second.
    private static let memory = Duration.seconds(2)

    private var seen = [MonotonicInstant?](repeating: nil, count: Sign.allCases.count)
    /// What was counted when that was last looked at.
    private var known = (version: UInt64(0), unauthentic: UInt64(0))
    private var emitErrors: (epoch: Epoch, count: UInt64)?

    init() {}

    mutating func note(_ sign: Sign, now: MonotonicInstant) { seen[sign.rawValue] = now }

    /// Looks at what was counted since the start.
    /// - Parameters:
    ///   - version: frames and contents of a version that this program cannot read.
    ///   - unauthentic: frames that the sender did not sign, and those that could not be verified.
    mutating func look(version: UInt64, unauthentic: UInt64, now: MonotonicInstant) {
        if version > known.version { note(.version, now: now) }
        if unauthentic > known.unauthentic { note(.authentication, now: now) }
        known = (version, unauthentic)
    }

    /// The sender's own drops.
    mutating func look(at beat: Beat, epoch: Epoch, now: MonotonicInstant) {
        let count = beat.counters[.emitErrors] ?? 0
        if let emitErrors, emitErrors.epoch == epoch, emitErrors.count < count { note(.senderQueue, now: now) }
        emitErrors = (epoch, count)
    }

    /// What a gap that opens now is put down to.
    /// - Parameters:
    ///   - isPartlyHere: whether some symbols of a block came.
    func cause(
        of missing: MissingBlocks, now: MonotonicInstant, isPartlyHere: (BlockID) -> Bool
    ) -> Gap.Cause {
        if missing.isUnheard { return .receiverDown }
        for (sign, cause) in [
            (Sign.socket, Gap.Cause.socket), (.nic, .nic), (.version, .version), (.authentication, .authentication),
            (.senderQueue, .senderQueue), (.silence, .link),
        ] where has(sign, now) {
            return cause
        }
        if missing.isOver { return .senderRestart }
        let (first, last) = (missing.blocks.lowerBound, missing.blocks.upperBound)
        guard let incarnation = missing.incarnation else { return .link }
        let isPartial = [first, first + (last - first) / 2, last].allSatisfy { block in
            isPartlyHere(
                BlockID(
                    channel: .live, epoch: missing.epoch, incarnation: incarnation, block: BlockNumber(rawValue: block))
            )
        }
        return isPartial ? .fec : .link
    }

    private func has(_ sign: Sign, _ now: MonotonicInstant) -> Bool {
        seen[sign.rawValue].map { $0.advanced(by: Self.memory) >= now } ?? false
    }
}
