/** An id of GraphQL's, `Track:demo:tides-01`, without the type: what every route takes. */
export function localIdOf(nodeId: string): string {
  return nodeId.slice(nodeId.indexOf(':') + 1);
}

/** The same as answers show it: bare for Spotify, `provider:id` for every other catalogue. */
export function wireIdOf(nodeId: string): string {
  return localIdOf(nodeId).replace(/^spotify:/, '');
}

/** `spotify:track:…`, and the like for every other catalogue. */
export function wireUriOf(nodeId: string): string {
  const [type = '', provider = '', id = ''] = nodeId.split(':');
  return `${provider}:${type.toLowerCase()}:${id}`;
}
