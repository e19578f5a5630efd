internal import Commands
internal import Crypto
internal import DiodeProtocol
internal import Glibc
internal import KeyFiles
internal import Threading
internal import Time

/// `diode-recv keygen`: a seal key and its card, which a sender encrypts for. Prints the fingerprint and nothing else, so that a script can keep it.
enum Keygen {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let name = invocation.value("--name") ?? "receiver"
        guard LinkCard.isLinkName(name) else {
            throw UsageError("--name: \"\(name)\" is no name; allowed: 1 to 64 of A-Z a-z 0-9 . _ -")
        }
        let folder = invocation.required("--out")
        let (keyPath, cardPath) = ("\(folder)/\(name).seal-key", "\(folder)/\(name).seal")
        // Both are looked at before either is written; the writing itself refuses once more.
        for path in [keyPath, cardPath] where WholeFile.exists(path) {
            throw Program.Failure("\(path): exists already and is not overwritten")
        }
        let key = try X25519PrivateKey()
        let card = SealCard(key: key.publicKey, issued: UnixClock.now())
        try KeyFile.write(key, to: keyPath)
        do throws(SealFileError) { try SealFile.create(cardPath, card) } catch {
            // A key without a card is of no use, and would be in the way of the next attempt.
            unlink(keyPath)
            throw Program.Failure(error)
        }
        return Terminal.line(card.fingerprint) ? .success : .failure
    }
}
