/// One edge node on the IT side: the plant's data.
extension EdgeNodeSession {
    /// Whether hosts have the birth that data of a device, or of the node itself, needs.
    func isTold(_ device: [UInt8]?) -> Bool {
        guard isBorn, let track = track(device) else { return false }
        return track.table != nil && track.isPublished
    }

    mutating func data(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) -> Taken {
        let device = record.place.device
        // What is late by a death waits too: with the next birth it is history.
        guard isTold(device) else { return .waits }
        if takeUp(record, payload, world) {
            guard throttle.asks(now: world.now.sinceStart) else { return .waits }
            bearPending(world, &effects)
        }
        guard var track = track(device) else { return .waits }
        // The table leaves its place while it changes, so that Swift does not copy it.
        if let device { devices[device]?.table = nil } else { node.table = nil }
        let (decisions, unknown) = decide(record, payload, &track, world, &effects)
        if let device { devices[device] = track } else { node = track }

        if payload.metrics.isEmpty || decisions.contains(where: { $0.naming != .dropped }) {
            let rewritten = DataRewriter.rewrite(payload, decisions: decisions, seq: seq, time: record.sourceTime)
            publish(record.place.type, device, rewritten, token: record.token, &effects)
        } else if unknown > 0 {
            effects.refuse(record.token)
        } else {
            effects.answer(id, record.token)
        }
        return .done
    }

    /// Takes up the metrics that no birth had, if they say what they are.
    /// - Returns: whether the data has a metric that hosts hear of with the next birth only.
    private mutating func takeUp(_ record: EdgeRecord, _ payload: Payload, _ world: Circumstances) -> Bool {
        let device = record.place.device
        var (isAhead, unknown) = unheard(of: record, payload)
        // Not copied: it leaves its place while it changes.
        guard !unknown.isEmpty, var table = takeTable(of: device) else { return isAhead }
        let before = table.bytes
        for view in unknown where table.metrics.count < world.limits.metricsPerBirth {
            let room = world.limits.bytes - bytes - (table.bytes - before)
            guard table.match(view, of: payload, order: record.order) == .unknownName,
                table.adopt(view, of: payload, order: record.order, room: room)
            else { continue }
            faults.add(.unknownMetric)
            isAhead = true
            if let device { devices[device]?.needsBirth = true } else { node.needsBirth = true }
        }
        bytes += table.bytes - before
        put(table, for: device)
        return isAhead
    }

    /// Whether data has metrics of the table that the birth that is out had not, and those that the table has not.
    private func unheard(of record: EdgeRecord, _ payload: Payload) -> (isAhead: Bool, unknown: [MetricView]) {
        guard let track = track(record.place.device), let table = track.table else { return (false, []) }
        var isAhead = false
        var unknown: [MetricView] = []
        for view in payload.metrics {
            switch table.match(view, of: payload, order: record.order) {
            case .metric(let place): isAhead = isAhead || place >= track.publishedMetrics
            case .unknownAlias: break
            case .unknownName: unknown.append(view)
            }
        }
        return (isAhead, unknown)
    }

    private mutating func takeTable(of device: [UInt8]?) -> MetricTable? {
        let table = track(device)?.table
        put(nil, for: device)
        return table
    }

    /// What becomes of each metric; the table takes up what is newer than it knows. With how many it does not know.
    private mutating func decide(
        _ record: EdgeRecord, _ payload: Payload, _ track: inout DeviceTrack, _ world: Circumstances,
        _ effects: inout ProxyEffects
    ) -> ([DataRewriter.Decision], unknown: Int) {
        guard var table = track.table else { return ([], 0) }
        track.table = nil
        let before = table.bytes
        var unknown = 0
        var decisions: [DataRewriter.Decision] = []
        decisions.reserveCapacity(payload.metrics.count)
        for view in payload.metrics {
            let room = world.limits.bytes - bytes - (table.bytes - before)
            var decision = DataRewriter.Decision(naming: .dropped, isHistorical: view.isHistorical)
            switch table.match(view, of: payload, order: record.order) {
            case .metric(let place):
                let metric = table.metrics[place]
                if metric.name == MetricName.bdSeq { break }
                if record.order < metric.order, !view.isHistorical {
                    decision.isHistorical = true
                    effects.report.historical += 1
                }
                if !decision.isHistorical,
                    !table.set(place, to: view, of: payload, order: record.order, room: room)
                {
                    // Hosts hear the value; but a birth must not bring back the one before it.
                    table.setNull(place, time: view.timestamp ?? payload.timestamp, order: record.order)
                    faults.add(.overLimit)
                    effects.overLimit += 1
                }
                if place < track.publishedMetrics { decision.naming = naming(of: metric, in: track) }
            case .unknownAlias:
                faults.add(.unknownAlias)
                unknown += 1
            case .unknownName:
                faults.add(.unknownMetric)
                unknown += 1
            }
            decisions.append(decision)
        }
        bytes += table.bytes - before
        track.table = table
        return (decisions, unknown)
    }

    /// How data has to name a metric: in the way of the birth that was published.
    private func naming(of metric: MetricTable.Metric, in track: DeviceTrack) -> DataRewriter.Naming {
        guard let alias = metric.alias, track.publishedAliases != nil, metric.name != MetricName.rebirth else {
            return .byName(metric.name)
        }
        return .byAlias(alias)
    }

    /// Folds data that is given up into the table that the next birth is made of.
    mutating func fold(_ record: EdgeRecord, in world: Circumstances, _ effects: inout ProxyEffects) {
        guard let payload = try? Payload(record.payload), var table = track(record.place.device)?.table else { return }
        let before = table.bytes
        for view in payload.metrics where !view.isHistorical {
            guard case .metric(let place) = table.match(view, of: payload, order: record.order),
                table.metrics[place].order <= record.order
            else { continue }
            let room = world.limits.bytes - bytes - (table.bytes - before)
            if !table.set(place, to: view, of: payload, order: record.order, room: room) {
                table.setNull(place, time: view.timestamp ?? payload.timestamp, order: record.order)
                faults.add(.overLimit)
                effects.overLimit += 1
            }
        }
        bytes += table.bytes - before
        put(table, for: record.place.device)
    }
}
