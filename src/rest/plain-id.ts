/** `Track:demo:tides-01` without its type: the form that every route accepts. */
export function localIdOf(nodeId: string): string {
  return nodeId.slice(nodeId.indexOf(':') + 1);
}

/** The form in responses: bare for Spotify, `provider:id` for every other catalog. */
export function plainIdOf(nodeId: string): string {
  return localIdOf(nodeId).replace(/^spotify:/, '');
}

/** `spotify:track:…`, and likewise for every other catalog. */
export function plainUriOf(nodeId: string): string {
  const [type = '', provider = '', id = ''] = nodeId.split(':');
  return `${provider}:${type.toLowerCase()}:${id}`;
}
