internal import Commands
internal import KeyFiles
internal import Threading

/// The kernel's IPv4 neighbours (`/proc/net/arp`), as far as `check` needs them.
enum NeighbourTable {
    struct Entry: Equatable {
        /// Lower case, with colons.
        let address: String
        let isPermanent: Bool
    }

    /// - Returns: nil if there is none; IPv6 neighbours are not in this table.
    static func entry(of host: String) -> Entry? {
        guard let bytes = try? WholeFile.read("/proc/net/arp", maximumBytes: 1 << 20) else { return nil }
        return entry(of: host, in: String(decoding: bytes, as: UTF8.self))
    }

    /// The table has a line of titles, then address, hardware type, flags, hardware address, mask and device.
    static func entry(of host: String, in table: String) -> Entry? {
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count >= 6, columns[0] == host, let flags = UInt32(columns[2].dropFirst(2), radix: 16) else {
                continue
            }
            // ATF_PERM of <linux/if_arp.h>.
            return Entry(address: columns[3].lowercased(), isPermanent: flags & 0x04 != 0)
        }
        return nil
    }
}
