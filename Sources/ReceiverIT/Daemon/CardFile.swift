import DiodeProtocol
import Glibc
import Threading

/// Reads a link card from its file.
package enum CardFile {
    /// - Parameter link: the link's name in the configuration, for errors.
    static func read(_ path: String, link: String) throws(ReceiverServiceError) -> LinkCard {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try contents(path) } catch {
            throw .cardUnreadable(link: link, path: path, error)
        }
        let card: LinkCard
        do throws(CardError) { card = try LinkCard(parsing: bytes) } catch {
            throw .cardInvalid(link: link, path: path, error)
        }
        guard card.link == link else { throw .cardOfAnotherLink(link: link, path: path, named: card.link) }
        return card
    }

    /// At most one byte more than a card may have, so that a longer file is seen to be too long.
    private static func contents(_ path: String) throws(SystemError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .last("open") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: WireLimits.maximumCardBytes + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw .last("read") }
            count = read
            break
        }
        return Array(bytes.prefix(count))
    }
}
