# Orders that have gone their way, from which a lifecycle can be learned.
for n in $(seq 60); do
  for event in created paid; do printf '{"app_id":"shop","message_id":"order-%s","event":"%s"}\n' "$n" "$event"; done
done | mars send
