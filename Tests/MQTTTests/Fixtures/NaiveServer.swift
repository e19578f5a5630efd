import MQTT
import Testing
import MQTTProtocol

/// A server for one client, written for clarity: queues as arrays, every search a scan. Messages are numbers.
struct NaiveServer {
    private struct Outgoing {
        var identifier: Int
        var number: Int
        var qos: UInt8
        var isReceived = false
    }

    let receiveMaximum: Int
    /// What the client has published, in order of arrival.
    private(set) var published: [Int] = []
    private var unreleased: Set<Int> = []
    private var waiting: [(number: Int, qos: UInt8)] = []
    private var outgoing: [Outgoing] = []
    private var nextIdentifier = 1
    private var isConnected = false
    /// What waits to be sent to the client.
    var output: [UInt8] = []
    private var input: [UInt8] = []
    /// How many messages the client has acknowledged for good.
    private(set) var finished = 0

    init(receiveMaximum: Int) { self.receiveMaximum = receiveMaximum }

    var isIdle: Bool { waiting.isEmpty && outgoing.isEmpty }

    mutating func send(_ number: Int, qos: UInt8) {
        waiting.append((number, qos))
        pump()
    }

    /// The connection breaks; the session stays.
    mutating func lose() {
        output = []
        input = []
        isConnected = false
    }

    mutating func receive(_ bytes: [UInt8]) throws {
        input += bytes
        while let header = try PacketHeader.decode(input.span.bytes, maximumPacketBytes: 1 << 20),
            header.packetBytes <= input.count
        {
            let packet = Array(input.prefix(header.packetBytes))
            input.removeFirst(header.packetBytes)
            try take(packet, header)
        }
    }

    private mutating func take(_ packet: [UInt8], _ header: PacketHeader) throws {
        let body = packet.span.bytes.extracting(header.headerBytes..<packet.count)
        switch header.type {
        case .connect:
            isConnected = true
            output += ServerPacket.connack(
                present: true, properties: [0x21, UInt8(receiveMaximum >> 8), UInt8(receiveMaximum & 255)])
            for index in outgoing.indices { resend(index) }
            pump()
        case .publish:
            let message = try PublishView.decode(body, header: header, version: .v5)
            let number = Int(String(utf8: message.payload)) ?? -1
            let identifier = Int(message.packetIdentifier)
            switch message.qos {
            case .atMostOnce: published.append(number)
            case .atLeastOnce:
                published.append(number)
                output += ServerPacket.puback(identifier)
            case .exactlyOnce:
                if unreleased.insert(identifier).inserted { published.append(number) }
                output += ServerPacket.pubrec(identifier)
            }
        case .puback, .pubrec:
            let identifier = Int(packet[2]) << 8 | Int(packet[3])
            let qos: UInt8 = header.type == .puback ? 1 : 2
            // [MQTT-4.6.0-2, -3]: acknowledgements come in the order of the messages; a repeated PUBREC may be late.
            let first = outgoing.firstIndex { $0.qos == qos && !$0.isReceived }
            if let first, outgoing[first].identifier == identifier {
                if qos == 1 {
                    outgoing.remove(at: first)
                    finished += 1
                } else {
                    outgoing[first].isReceived = true
                    output += ServerPacket.pubrel(identifier)
                }
            } else {
                let isRepeated = outgoing.contains { $0.qos == qos && $0.isReceived && $0.identifier == identifier }
                #expect(isRepeated, "\(header.type) \(identifier) out of turn")
                output += ServerPacket.pubrel(identifier)
            }
            pump()
        case .pubrel:
            let identifier = Int(packet[2]) << 8 | Int(packet[3])
            unreleased.remove(identifier)
            output += ServerPacket.pubcomp(identifier)
        case .pubcomp:
            let identifier = Int(packet[2]) << 8 | Int(packet[3])
            if let index = outgoing.firstIndex(where: { $0.isReceived && $0.identifier == identifier }) {
                outgoing.remove(at: index)
                finished += 1
            }
            pump()
        case .pingreq: output += ServerPacket.pingresp
        default: Issue.record("unexpected \(header.type)")
        }
    }

    private mutating func resend(_ index: Int) {
        let message = outgoing[index]
        if message.isReceived {
            output += ServerPacket.pubrel(message.identifier)
        } else {
            output += ServerPacket.publish(
                "t", "\(message.number)", qos: message.qos, id: message.identifier, duplicate: true)
        }
    }

    private mutating func pump() {
        while isConnected, outgoing.count < receiveMaximum, !waiting.isEmpty {
            let (number, qos) = waiting.removeFirst()
            if qos == 0 {
                output += ServerPacket.publish("t", "\(number)")
                continue
            }
            while outgoing.contains(where: { $0.identifier == nextIdentifier }) {
                nextIdentifier = nextIdentifier % 9 + 1
            }
            outgoing.append(Outgoing(identifier: nextIdentifier, number: number, qos: qos))
            output += ServerPacket.publish("t", "\(number)", qos: qos, id: nextIdentifier)
            nextIdentifier = nextIdentifier % 9 + 1
        }
    }
}
