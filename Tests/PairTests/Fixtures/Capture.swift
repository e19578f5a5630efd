import Foundation
import TestKit

/// Datagrams as a file that `docs/verify/frames.py` reads.
enum Capture {
    /// Each as its length (4 bytes, big-endian) and its bytes.
    static func plain(_ datagrams: [[UInt8]]) -> Data {
        Data(datagrams.flatMap { bytes(UInt32($0.count).bigEndian) + $0 })
    }

    /// A classic pcap file of Ethernet packets with IPv4 and UDP, as tcpdump writes it.
    static func pcap(_ datagrams: [[UInt8]]) -> Data {
        let limit: UInt32 = 262_144
        let ethernet: UInt32 = 1
        var file = bytes(UInt32(0xA1B2_C3D4)) + bytes(UInt16(2)) + bytes(UInt16(4)) + bytes(UInt64(0)) + bytes(limit)
        file += bytes(ethernet)
        for datagram in datagrams {
            let udp =
                bytes(UInt16(9_000).bigEndian) + bytes(UInt16(9_000).bigEndian)
                + bytes(UInt16(8 + datagram.count).bigEndian) + [0, 0] + datagram
            let ip =
                [0x45, 0] + bytes(UInt16(20 + udp.count).bigEndian) + [0, 0, 0, 0, 64, 17, 0, 0] + [127, 0, 0, 1]
                + [127, 0, 0, 1] + udp
            let packet = [UInt8](repeating: 2, count: 12) + [0x08, 0x00] + ip
            file += bytes(UInt64(0)) + bytes(UInt32(packet.count)) + bytes(UInt32(packet.count)) + packet
        }
        return Data(file)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value) { [UInt8]($0) } }
}

/// The programs of `docs/verify`, which share nothing with ours.
enum IndependentReader {
    static func run(_ program: String, _ arguments: [String]) async throws -> Finished {
        try await TestKit.run(["python3", "-B", Executable.projectRoot + "/docs/verify/" + program] + arguments)
    }
}
