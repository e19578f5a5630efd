internal import Deliveries
internal import DiodeProtocol
internal import ReadBackCore
internal import Time

/// Makes one interval of the replica equal to a slice of the carousel (ADR 0013).
///
/// ```text
/// entry ─▶ its record is missing ─────────────▶ fills its sequence, delivered late like an echo's
///       ─▶ newer than the slot, or the slot is void ─▶ taken; a retained value is published as a refresh
///       ─▶ what the slot holds ───────────────▶ nothing, unless the IT broker retains something else
/// unlisted slot with a stamp up to the capture ─▶ removed, and deleted on the IT broker
/// ```
///
/// A slot up to the capture that the sender says differently is void: the sender's state as of there is the truth. So an event is
/// delivered only where it was missing, and never repeated.
struct SliceApplier {
    /// What one slice came to.
    struct Outcome {
        /// Records that filled a gap.
        var filled: UInt64 = 0
        /// Slots that had the same stamp and held something else.
        var diverged = 0
        var untracked: UInt64 = 0
        /// Entries of a later release.
        var skipped: UInt64 = 0
    }

    let heading: SliceHeading
    let now: MonotonicInstant
    let time: UnixMilliseconds
    private(set) var outcome = Outcome()
    /// The topics that are listed, in order, and which of their slots.
    private var listed: [(place: Int, kinds: UInt8)] = []

    init(_ heading: SliceHeading, now: MonotonicInstant, time: UnixMilliseconds) {
        self.heading = heading
        self.now = now
        self.time = time
    }

    /// Applies the slice.
    /// - Parameter bytes: what the content was read from.
    mutating func apply(
        _ content: borrowing SliceContent, _ bytes: [UInt8], to live: inout LiveIntake, _ replica: inout Replica,
        _ committer: inout Committer,
        with hasher: inout SymbolHasher
    ) {
        let skipped = content.forEachEntry { entry in
            apply(entry, bytes, to: &live, &replica, &committer, with: &hasher)
        }
        outcome.skipped = UInt64(skipped)
        removeUnlisted(from: &replica, &committer, with: &hasher)
    }

    // MARK: Entries

    private mutating func apply(
        _ entry: borrowing SliceEntryView, _ bytes: [UInt8], to live: inout LiveIntake, _ replica: inout Replica,
        _ committer: inout Committer,
        with hasher: inout SymbolHasher
    ) {
        let kind: Replica.Kind
        switch entry.kind {
        case .retained, .tombstone: kind = .retained
        case .lastEvent: kind = .event
        // States are topics of their own (W-41).
        case .state: return
        }
        let content = SlotContent(entry.record, in: bytes)
        let isMissing = live.tracker.isMissing(entry.stamp)
        if isMissing {
            let wasNamed = replica.hasHeard(entry.record.version, of: entry.record.topic)
            live.fill(
                entry.stamp, of: entry.record.topic, version: wasNamed ? entry.record.version : nil, time: time)
            outcome.filled += 1
        }
        guard let place = replica.place(of: entry.record.topic, with: &hasher) else {
            outcome.untracked += 1
            if isMissing { deliver(entry, .superseded, to: &committer) }
            return
        }
        list(kind, of: place)
        let slot = replica.slot(kind, of: place)
        replica.noteVersion(entry.record.version, of: place, stamp: entry.stamp)
        guard isMissing || slot.state == .empty || slot.stamp != entry.stamp else {
            if !replica.holds(kind, of: place, content, stamp: entry.stamp, with: &hasher) {
                outcome.diverged += 1
                replica.put(kind, of: place, content, stamp: entry.stamp, with: &hasher)
                if kind == .retained { refresh(entry, &committer) }
            } else if kind == .retained, replica.takeWrong(place) {
                refresh(entry, &committer)
            }
            return
        }
        guard !slot.isAtLeast(entry.stamp) || slot.stamp <= heading.capture else {
            // The topic has moved on since the capture.
            if isMissing { deliver(entry, .superseded, to: &committer) }
            return
        }
        replica.put(kind, of: place, content, stamp: entry.stamp, with: &hasher)
        if isMissing {
            let isShown = kind == .retained || !replica.slot(.retained, of: place).isAtLeast(entry.stamp)
            deliver(entry, isShown ? .newest : .superseded, to: &committer)
        } else if kind == .retained, !content.isDeletion || slot.state == .held {
            refresh(entry, &committer)
        }
    }

    private mutating func list(_ kind: Replica.Kind, of place: Int) {
        let bit: UInt8 = 1 << kind.rawValue
        if let last = listed.last, last.place == place {
            listed[listed.count - 1].kinds |= bit
        } else {
            listed.append((place, bit))
        }
    }

    // MARK: What is not listed

    private mutating func removeUnlisted(
        from replica: inout Replica, _ committer: inout Committer, with hasher: inout SymbolHasher
    ) {
        var next = 0
        for place in replica.places(from: heading.from, through: heading.to) {
            var kinds: UInt8 = 0
            if next < listed.count, listed[next].place == place {
                kinds = listed[next].kinds
                next += 1
            }
            for kind in Replica.Kind.allCases where kinds & 1 << kind.rawValue == 0 {
                remove(kind, of: place, from: &replica, &committer, with: &hasher)
            }
        }
    }

    private mutating func remove(
        _ kind: Replica.Kind, of place: Int, from replica: inout Replica, _ committer: inout Committer,
        with hasher: inout SymbolHasher
    ) {
        let slot = replica.slot(kind, of: place)
        guard slot.state != .empty, slot.stamp <= heading.capture else { return }
        if kind == .retained, slot.state == .held {
            committer.refreshDeletion(
                of: replica.name(of: place), stamp: slot.stamp, version: replica.version(of: place),
                time: time, now: now)
        }
        replica.clear(kind, of: place, with: &hasher)
    }

    // MARK: Out

    private mutating func deliver(
        _ entry: borrowing SliceEntryView, _ lateness: Delivery.Lateness, to committer: inout Committer
    ) {
        committer.deliver(entry.record, stamp: entry.stamp, lateness: lateness, now: now)
    }

    private mutating func refresh(_ entry: borrowing SliceEntryView, _ committer: inout Committer) {
        committer.deliver(entry.record, stamp: entry.stamp, lateness: .refresh, now: now)
    }
}
