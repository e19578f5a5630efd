internal import Commands
internal import Configuration
internal import Crypto
internal import DiodeProtocol
internal import Glibc
internal import KeyFiles
internal import SenderOT
internal import Threading
internal import Time

/// `diode-send rotate`: the key in use hands over to a new one, which the next start signs with (ADR 0031).
///
/// ```text
///  KEY.next ─▶ statement in NAME.rotations ─▶ card ─▶ rename KEY.next to KEY
///  └── interrupted here, anywhere: the old key is in use and nobody hears of the new one; the same command goes on ──┘
/// ```
enum Rotate {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try SenderConfiguration(path: invocation.required("--config"))
        let lock = try StoppedDaemon.lock(configuration.state.resolved, "diode-send", to: "rotate")
        let code = try rotate(configuration, invocation)
        withExtendedLifetime(lock) {}
        return code
    }

    private static func rotate(_ configuration: SenderConfiguration, _ invocation: Invocation) throws -> ExitCode {
        let path = configuration.link.key.resolved
        try KeyFile.requireReplaceable(path)
        var signer = try KeyFile.readEd25519(path)
        let stored = try RotationFile.read(besideKey: path)
        if invocation.has("--forget") { return try forget(stored, besideKey: path) }
        let told = RotationFile.leading(to: signer.publicKey, stored)
        guard told.count < KeyChain.maximumCards - 1 else {
            throw Program.Failure(
                "\(told.count) keys have followed each other, as many as a receiver follows: make a key by hand (diode-send keygen) and pair its card"
            )
        }
        let former = LinkCard.fingerprint(of: signer.publicKey)
        var next = try nextKey(RotationFile.nextKey(path))
        let beside = CardBesideKey(of: path, link: configuration.link.name, publicKey: signer.publicKey)
        let card: LinkCard
        if let begun = begun(stored, by: signer.publicKey, to: next.publicKey) {
            card = begun
        } else {
            let now = UnixClock.now()
            card = try LinkCard(
                link: configuration.link.name, signer: &next,
                lowestEpoch: beside?.card.lowestEpoch ?? Epoch(rawValue: max(1, now.rawValue)), issued: now)
            try RotationFile.replace(told + [try Rotation(to: card, signer: &signer)], besideKey: path)
        }
        try CardFile.replace(beside?.path ?? cardPath(besideKey: path, of: configuration.link.name), card)
        try KeyFile.adopt(RotationFile.nextKey(path), as: path)
        return Terminal.line("from  \(former)\nto    \(card.fingerprint)") ? .success : .failure
    }

    /// The key that an interrupted run has left, or a new one. What is no key was being written: nothing leads to it yet.
    private static func nextKey(_ path: String) throws -> Ed25519Signer {
        if WholeFile.exists(path) {
            do throws(KeyFileError) { return try KeyFile.readEd25519(path) } catch {
                guard case .notAKey = error else { throw error }
                unlink(path)
            }
        }
        let signer = try Ed25519Signer()
        try KeyFile.write(signer, to: path)
        return signer
    }

    /// The card that an interrupted run has signed already.
    private static func begun(
        _ stored: [Rotation], by key: Ed25519PublicKey, to next: Ed25519PublicKey
    ) -> LinkCard? {
        guard let last = stored.last else { return nil }
        do throws(RotationError) {
            let card = try last.card(by: key)
            return card.key == next ? card : nil
        } catch { return nil }
    }

    private static func cardPath(besideKey key: String, of link: String) -> String {
        (key.lastIndex(of: "/").map { String(key[...$0]) } ?? "") + "\(link).card"
    }

    /// From the next start on nobody is told of earlier keys.
    private static func forget(_ stored: [Rotation], besideKey key: String) throws -> ExitCode {
        guard !stored.isEmpty else {
            throw Program.Failure("\(RotationFile.path(ofKey: key)): there is nothing to forget")
        }
        try RotationFile.replace([], besideKey: key)
        Terminal.line("forgotten: \(stored.count) rotations; a receiver that has not followed needs the card by hand")
        return .success
    }
}
