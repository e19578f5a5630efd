internal import Account
internal import Crypto
internal import DiodeProtocol
internal import Time

/// What comes under one card of a link: which of its frames are authentic, what its sender says of itself, and whether it is heard.
///
/// ```text
///  card 1 ─▶ Voice ─▶ frames, beats, watch, evidence ─┐
///  card 2 ─▶ Voice ─▶ frames, beats, watch, evidence ─┴▶ live, slices, namespace: one of each for the link
/// ```
///
/// A link has one for each of its cards (ADR 0033). A class, because a table of values that must not be copied needs a place for each; the core that
/// made them alone touches them.
final class Voice {
    /// Of its card in `links[].cards`, from 0 on.
    let place: Int
    var frames: FrameIntake
    var beats: BeatIntake
    var watch: LinkWatch
    var evidence = LossEvidence()
    let plausibility: Plausibility
    let lowestEpoch: Epoch
    /// Of the key in use, as people compare it.
    private(set) var fingerprint: String
    /// Its row is another than the one that was stored.
    private var hasNews = false
    /// From when on another statement that is refused is worth a line.
    private var tellsRefusalFrom = MonotonicInstant.distantPast
    /// The same of a rotation: whoever has a key of before could keep the others unsaid.
    private var tellsRotationFrom = MonotonicInstant.distantPast

    /// - Parameters:
    ///   - keys: the paired card, and what was followed from there.
    ///   - settings: of the link; budgets are this card's part of them.
    ///   - stored: what an earlier process left of the link.
    ///   - isSpeaker: whether what was stored of the link's newest beat is this sender's.
    init(
        _ place: Int, keys: KeyChain, settings: ReceiverCore.Settings, restoring stored: StoredLink?, isSpeaker: Bool,
        random: inout some RandomNumberGenerator, now: MonotonicInstant, time: UnixMilliseconds
    ) throws(CryptoError) {
        self.place = place
        lowestEpoch = keys.paired.lowestEpoch
        fingerprint = keys.inUse.fingerprint
        plausibility = Plausibility(lowestEpoch: keys.paired.lowestEpoch)
        frames = try FrameIntake(keys: keys, of: place, settings: settings, random: &random, now: now)
        let row = stored?.sender(place)
        beats = BeatIntake(lowestEpoch: keys.paired.lowestEpoch, restoring: row)
        watch = LinkWatch(
            silenceTimeout: settings.silenceTimeout, freshness: settings.freshness, restoring: row,
            form: isSpeaker ? stored?.form : nil,
            clockOffsetMilliseconds: isSpeaker ? stored?.clockOffsetMilliseconds : nil, time: time)
    }

    /// What people call it.
    var name: String { "card \(place + 1) (\(fingerprint))" }

    /// A beat was accepted, which is new in its row.
    func note(_ beat: Beat, _ unit: DecodedUnit, isFirst: Bool, now: MonotonicInstant, time: UnixMilliseconds) {
        hasNews = true
        watch.note(beat, unit.form, isFirst: isFirst, now: now, time: time)
        evidence.look(at: beat, epoch: unit.epoch, now: now)
    }

    /// Another key is in use.
    func noteRotation() {
        hasNews = true
        fingerprint = frames.chain.inUse.fingerprint
    }

    /// Moves out what is to be stored of it; nil: nothing is new.
    func takeRow(heardFloor: Bool) -> SenderRow? {
        guard hasNews else { return nil }
        hasNews = false
        return row(heardFloor: heardFloor)
    }

    /// What is stored of it.
    /// - Parameter heardFloor: whether it has told how far back its journal reaches.
    func row(heardFloor: Bool) -> SenderRow {
        var row = SenderRow(place: place, fingerprint: fingerprint)
        row.frontier = beats.frontier
        row.beat = watch.beat
        row.heardUntil = watch.heardUntil
        row.heardFloor = heardFloor
        row.rivalsSince = beats.rivalsSince
        return row
    }

    /// What comes of it is refused: the reason in status at once.
    /// - Returns: whether it is worth a line in log and ledger, once a minute.
    func refuse(_ statement: RefusedStatement, now: MonotonicInstant) -> Bool {
        watch.note(statement)
        guard tellsRefusalFrom <= now else { return false }
        tellsRefusalFrom = now.advanced(by: .seconds(60))
        return true
    }

    /// A key of this card leads to another one, and is not followed. Where beats come, the link is none the worse for it.
    /// - Returns: whether it is worth a line in log and ledger, once a minute.
    func refuse(_ error: RotationError, now: MonotonicInstant) -> Bool {
        if watch.state.isSilent { watch.note(.rotation(error)) }
        guard tellsRotationFrom <= now else { return false }
        tellsRotationFrom = now.advanced(by: .seconds(60))
        return true
    }
}
