-- The rebalance planner: which shard group goes from where to where.
--
-- Kept apart from the catalogs: it works on arrays, so that recorded plans can be replayed against it.
-- All costs and utilisations are float4 like Citus's own, since the last digit decides between moves.

-- A float as C's %g prints it: six significant digits, no trailing zeros.
CREATE FUNCTION pg_citus_practice.six_digits(value real) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN value IS NULL OR value::text IN ('Infinity', '-Infinity', 'NaN') THEN value::text
    WHEN value = 0 THEN '0'
    ELSE trim_scale(round(value::float8::numeric, 5 - floor(log(abs(value::float8)::numeric))::int))::text
  END
$$;

-- nodes       one entry per node, in ascending (host, port); capacity 0 takes no shards
-- placements  one entry per placement of a group's representative shard, in ascending placementid;
--             placement_node is a position in the node arrays; groups are numbered from 1. Groups
--             with fewer placements than eligible_nodes are balanced together, after the others
-- allowed     (placement - 1) * number of nodes + node
-- Answers the moves in the order in which they are found.
CREATE FUNCTION pg_citus_practice.plan_moves(
  node_id int[], node_label text[], node_capacity real[], eligible_nodes int,
  placement_shard bigint[], placement_group int[], placement_node int[], placement_cost real[],
  allowed boolean[],
  threshold float8, max_shard_moves int, drain_only boolean, improvement_threshold real,
  logged_ignored_moves int DEFAULT 5)
RETURNS TABLE (shardid bigint, source_node int, target_node int)
LANGUAGE plpgsql AS $$
DECLARE
  nodes int := coalesce(cardinality(node_id), 0);
  placements int := coalesce(cardinality(placement_shard), 0);
  groups int;
  in_group int[];
  capacity real[] := node_capacity;
  shard bigint[] := placement_shard;
  cost real[] := placement_cost;
  at_node int[] := placement_node;
  may boolean[] := allowed;
  total real[] := '{}';
  util real[];
  ascending int[];
  dearest int[];
  first_of int[] := '{}';
  last_of int[] := '{}';
  replicated boolean;
  total_cost real;
  total_capacity real := 0;
  average real;
  lower_bound real;
  upper_bound real;
  moves int := 0;
  ignored int := 0;
  limited boolean;
  moved boolean;
  g int; i int; k int; n int; s int; t int; p int; source int; target int;
  holds boolean;
  new_target real; new_source real; gain real; added real; normalized real;
BEGIN
  IF nodes = 0 OR placements = 0 THEN
    RETURN;
  END IF;
  -- Two placements of one shard: only then a node can already hold what is moved to it.
  replicated := (SELECT count(DISTINCT x) <> count(*) FROM unnest(placement_shard) x);
  WITH sizes AS (
    SELECT grp, count(*) < eligible_nodes AS small FROM unnest(placement_group) grp GROUP BY grp
  ), numbered AS (
    SELECT grp, CASE WHEN small THEN 1 + count(*) FILTER (WHERE NOT small) OVER ()
      ELSE count(*) FILTER (WHERE NOT small) OVER (ORDER BY grp) END AS number
    FROM sizes
  )
  SELECT array_agg(n.number ORDER BY u.position), max(n.number)
  INTO in_group, groups
  FROM unnest(placement_group) WITH ORDINALITY u (grp, position) JOIN numbered n USING (grp);
  FOR n IN 1..nodes LOOP
    total_capacity := total_capacity + capacity[n];
  END LOOP;
  FOR i IN 1..groups * nodes LOOP
    total[i] := 0;
  END LOOP;
  FOR i IN 1..placements LOOP
    k := (in_group[i] - 1) * nodes + at_node[i];
    total[k] := total[k] + cost[i];
  END LOOP;
  -- Within a group the dearest shard is tried first, the lower shard id among equals.
  dearest := ARRAY(
    SELECT u.position FROM unnest(in_group, placement_cost, placement_shard) WITH ORDINALITY
      AS u (grp, price, id, position)
    ORDER BY u.grp, u.price DESC, u.id);
  FOR i IN 1..placements LOOP
    g := in_group[dearest[i]];
    first_of[g] := least(coalesce(first_of[g], i), i);
    last_of[g] := i;
  END LOOP;

  -- Shards on a node where they may not be go first, in every group, whatever the limit.
  FOR g IN 1..groups LOOP
    CONTINUE WHEN first_of[g] IS NULL;
    ascending := pg_citus_practice.plan_node_order(total, capacity, node_id, (g - 1) * nodes);
    FOR i IN first_of[g]..last_of[g] LOOP
      p := dearest[i];
      CONTINUE WHEN may[(p - 1) * nodes + placement_node[p]];
      target := NULL;
      FOREACH n IN ARRAY ascending LOOP
        CONTINUE WHEN NOT may[(p - 1) * nodes + n] OR n = at_node[p];
        holds := replicated AND EXISTS (
          SELECT FROM generate_subscripts(shard, 1) x WHERE shard[x] = shard[p] AND at_node[x] = n);
        IF NOT holds THEN
          target := n;
          EXIT;
        END IF;
      END LOOP;
      IF target IS NULL THEN
        RAISE WARNING 'Not allowed to move shard % anywhere from %', shard[p], node_label[at_node[p]];
        CONTINUE;
      END IF;
      shardid := shard[p]; source_node := node_id[at_node[p]]; target_node := node_id[target];
      RETURN NEXT;
      moves := moves + 1;
      k := (g - 1) * nodes;
      total[k + at_node[p]] := total[k + at_node[p]] - cost[p];
      total[k + target] := total[k + target] + cost[p];
      at_node[p] := target;
      ascending := pg_citus_practice.plan_node_order(total, capacity, node_id, k);
    END LOOP;
  END LOOP;

  IF NOT drain_only THEN
    FOR g IN 1..groups LOOP
      CONTINUE WHEN first_of[g] IS NULL;
      k := (g - 1) * nodes;
      total_cost := 0;
      FOR i IN 1..placements LOOP
        IF in_group[i] = g THEN
          total_cost := total_cost + cost[i];
        END IF;
      END LOOP;
      average := CASE WHEN total_capacity > 0 THEN total_cost / total_capacity ELSE 'Infinity'::real END;
      lower_bound := (1.0::float8 - threshold) * average::float8;
      upper_bound := (1.0::float8 + threshold) * average::float8;
      limited := moves >= max_shard_moves;
      WHILE NOT limited LOOP
        ascending := pg_citus_practice.plan_node_order(total, capacity, node_id, k);
        FOR n IN 1..nodes LOOP
          util[n] := CASE WHEN capacity[n] <= 0 THEN 'Infinity'::real ELSE total[k + n] / capacity[n] END;
        END LOOP;
        moved := false;
        <<sources>>
        FOR s IN REVERSE nodes..1 LOOP
          source := ascending[s];
          EXIT sources WHEN util[source] <= lower_bound;
          <<targets>>
          FOR t IN 1..nodes LOOP
            target := ascending[t];
            EXIT targets WHEN util[target] >= upper_bound
              OR (util[target] >= lower_bound AND util[source] <= upper_bound);
            FOR i IN first_of[g]..last_of[g] LOOP
              p := dearest[i];
              CONTINUE WHEN at_node[p] <> source OR target = source OR NOT may[(p - 1) * nodes + target];
              IF replicated THEN
                CONTINUE WHEN EXISTS (
                  SELECT FROM generate_subscripts(shard, 1) x WHERE shard[x] = shard[p] AND at_node[x] = target);
              END IF;
              new_target := CASE WHEN capacity[target] <= 0 THEN 'Infinity'::real
                ELSE (total[k + target] + cost[p]) / capacity[target] END;
              new_source := CASE WHEN capacity[source] <= 0 THEN 'Infinity'::real
                ELSE (total[k + source] - cost[p]) / capacity[source] END;
              IF new_target > new_source THEN
                CONTINUE WHEN new_target > util[source]
                  OR (new_target = util[source] AND new_source <= util[target]);
                gain := greatest(util[source] - new_target, new_source - util[target]);
                added := least(new_target - util[target], util[source] - new_source);
                normalized := CASE WHEN added = 0 THEN 'Infinity'::real ELSE gain / added END;
                IF normalized < improvement_threshold THEN
                  ignored := ignored + 1;
                  IF logged_ignored_moves = -1 OR ignored <= logged_ignored_moves THEN
                    RAISE NOTICE 'Ignoring move of shard % from % to %, because the move only brings a small improvement relative to the shard its size',
                      shard[p], node_label[source], node_label[target]
                      USING DETAIL = format(
                        'The balance improvement of %s is lower than the improvement_threshold of %s',
                        pg_citus_practice.six_digits(normalized), pg_citus_practice.six_digits(improvement_threshold));
                  END IF;
                  CONTINUE;
                END IF;
              END IF;
              shardid := shard[p]; source_node := node_id[source]; target_node := node_id[target];
              RETURN NEXT;
              moves := moves + 1;
              total[k + source] := total[k + source] - cost[p];
              total[k + target] := total[k + target] + cost[p];
              at_node[p] := target;
              moved := true;
              EXIT sources;
            END LOOP;
          END LOOP;
        END LOOP;
        EXIT WHEN NOT moved;
        limited := moves >= max_shard_moves;
      END LOOP;
      IF limited THEN
        RAISE NOTICE 'Stopped searching before we were out of moves. Please rerun the rebalancer after it''s finished for a more optimal placement.';
        EXIT;
      END IF;
    END LOOP;
  END IF;

  IF ignored > 0 THEN
    RAISE NOTICE '%', CASE WHEN logged_ignored_moves = -1 OR ignored <= logged_ignored_moves
        THEN format('Ignored %s moves, all of which are shown in notices above', ignored)
        ELSE format('Ignored %s moves, %s of which are shown in notices above', ignored, logged_ignored_moves) END
      USING HINT = format(
        'If you do want these moves to happen, try changing improvement_threshold to a lower value than what it is now (%s).',
        pg_citus_practice.six_digits(improvement_threshold));
  END IF;
END
$$;

-- Positions of the nodes from empty to full; among equals the larger node, then the older one. The
-- reverse is the order of sources, so the youngest of equally full nodes gives first.
CREATE FUNCTION pg_citus_practice.plan_node_order(
  total real[], capacity real[], node_id int[], first_position int)
RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(n ORDER BY
    CASE WHEN capacity[n] <= 0 THEN 'Infinity'::real ELSE total[first_position + n] / capacity[n] END,
    capacity[n] DESC, node_id[n])
  FROM generate_subscripts(node_id, 1) n
$$;
