(** * What is proved of the checker

    For points of rational numbers, of real numbers, or of any other that [Numbers.v] admits. [Question.v] says what the words
    mean. The last lines print what the proofs assume: nothing. *)

From Proved Require Import Numbers Question Checker Soundness Leaves Trees Domain Points.

Section Theorems.
Context {F : numbers}.
Variable q : question.
Notation point := (list (K F)).
Implicit Types x y : point.

(** Polyhedra are the preimage of a target: a point of the domain maps into it if and only if it is in one of them. *)
Definition right (target : list condition) (ps : list piece) : Prop :=
  forall x, in_domain q x -> (hits q x target <-> Exists (inside_piece x) ps).

(** The point that comes with a tile is in the domain, maps into the target, and is in the tile. *)
Definition shown (target : list condition) (p : piece) : Prop :=
  match point_inside p with
  | Some (xs, d) => let x : point := point_of xs d in in_domain q x /\ hits q x target /\ inside_piece x p
  | None => True
  end.

Lemma Forall2_impl {A B} (P Q : A -> B -> Prop) l m : (forall a b, P a b -> Q a b) -> Forall2 P l m -> Forall2 Q l m.
Proof. intros h hl. induction hl; constructor; auto. Qed.

Lemma answers_right of_regions e ts cert ans :
  (forall x, in_domain q x -> valid q e x) ->
  answers q of_regions e ts cert = Some ans ->
  Forall2 (fun target ps => right target ps /\ Forall (shown target) ps /\ ForallOrdPairs (apart (F := F) q) ps
    /\ (of_regions = true -> Forall (affine_on (F := F) q) ps)) ts ans.
Proof.
  revert e cert ans. induction ts as [|target ts IH]; intros e cert ans he h; cbn [answers] in h.
  { destruct cert; [injection h as <-; constructor | easy]. }
  destruct cert as [|[cs t] cert]; [easy|]. apply bind_some in h. destruct h as [ev [hc h]].
  apply bind_some in h. destruct h as [own [ho h]]. apply bind_some in h. destruct h as [others [hs h]]. injection h as <-.
  assert (hev : forall x, in_domain q x -> valid q ev x) by (intros x hx; eapply all_claimed_sound; eauto).
  assert (hreach : reached (F := F) q ev []) by (intros x hx _; now apply hev).
  constructor; [split; [|split; [|split]]|].
  - intros x hx. split.
    + intros ht. eapply pieces_cover; eauto.
    + intros hi. apply Exists_exists in hi. destruct hi as [p [hp hi]].
      assert (hh := pieces_hit (F := F) q target of_regions ev ev [] t own ho). rewrite Forall_forall in hh.
      now apply (hh p hp x hx (hev x hx)).
  - eapply Forall_impl; [|exact (pieces_points q target of_regions ev hev ev [] t own ho hreach)].
    intros p. unfold point_is_inside, shown. destruct (point_inside p) as [[xs d]|]; [|easy]. intuition.
  - exact (pieces_apart q target of_regions ev hev ev [] t own ho hreach).
  - intros hr. exact (pieces_affine q target of_regions ev hev ev [] t own hr ho).
  - apply IH with ev cert; [|exact hs]. exact hev.
Qed.

(** ** 1. What is accepted is the preimage *)

Theorem preimage_is_right cert ans : preimage q cert = Some ans -> Forall2 right (targets q) ans.
Proof.
  unfold preimage. destruct (sound q); [|easy]. intros h. apply answers_right in h; [|apply at_first_sound].
  eapply Forall2_impl; [|exact h]. now intros target ps [hr _].
Qed.

(** Without polyhedra, no point of the domain maps into a target. *)
Corollary holds_is_right cert ans :
  preimage q cert = Some ans -> concat ans = [] -> forall x, in_domain q x -> Forall (fun target => ~ hits q x target) (targets q).
Proof.
  intros h he x hx. apply preimage_is_right in h. revert he. induction h as [|target ps ts rest hp _ IH]; intros he; [constructor|].
  simpl in he. apply app_eq_nil in he. destruct he as [-> he]. constructor; [|now apply IH].
  intros ht. apply (hp x hx) in ht. inversion ht.
Qed.

(** ** 2. Tiles are not empty, and they are apart *)

Theorem tiles_are_shown cert ans : preimage q cert = Some ans -> Forall2 (fun target => Forall (shown target)) (targets q) ans.
Proof.
  unfold preimage. destruct (sound q); [|easy]. intros h. apply answers_right in h; [|apply at_first_sound].
  eapply Forall2_impl; [|exact h]. now intros target ps [_ [hs _]].
Qed.

Theorem pieces_are_apart cert ans : preimage q cert = Some ans -> Forall (ForallOrdPairs (apart (F := F) q)) ans.
Proof.
  unfold preimage. destruct (sound q); [|easy]. intros h. apply answers_right in h; [|apply at_first_sound].
  induction h as [|target ps ts rest [_ [_ [ha _]]] _ IH]; constructor; auto.
Qed.

(** ** 3. Linear regions *)

(** The polyhedra cover the domain, the network is affine on each, and each has a point of the domain of its own: between
    two of these points, what enters some ReLU changes its sign. *)
Theorem regions_are_right cert ps :
  regions q cert = Some ps ->
  (forall x, in_domain q x -> Exists (inside_piece x) ps)
  /\ Forall (affine_on (F := F) q) ps
  /\ exists points : list point, length points = length ps /\ Forall (in_domain q) points /\ ForallOrdPairs (separated (F := F) q) points.
Proof.
  unfold regions. destruct (sound q); [|easy]. intros h. apply bind_some in h. destruct h as [all [h hall]].
  apply answers_right in h; [|apply at_first_sound]. destruct all as [|own [|? ?]]; try easy.
  destruct (forallb (fun p => match point_inside p with Some _ => true | None => false end) own) eqn:hp; [|easy]. injection hall as <-.
  inversion h as [|? ? ? ? [hr [hs [ha hf]]] _]; subst. split; [|split].
  - intros x hx. apply (hr x hx). constructor.
  - now apply hf.
  - clear h hr hf. exists (map (fun p => match point_inside p with Some (xs, d) => point_of xs d | None => [] end) own).
    split; [apply map_length|]. rewrite forallb_forall in hp. rewrite Forall_forall in hs. split.
    + apply Forall_forall. intros x hx. apply in_map_iff in hx. destruct hx as [p [<- hin]]. specialize (hp p hin). specialize (hs p hin).
      unfold shown in hs. destruct (point_inside p) as [[xs d]|]; [apply hs | easy].
    + clear hs. induction ha as [|p own hall _ IH]; simpl; constructor; [|apply IH; intros p' h'; apply hp; now right].
      apply Forall_forall. intros y hy. apply in_map_iff in hy. destruct hy as [p' [<- hin]]. rewrite Forall_forall in hall.
      destruct (hall p' hin) as [_ hsep]. assert (g := hp p (or_introl eq_refl)). assert (g' := hp p' (or_intror hin)).
      destruct (point_inside p) as [[xs d]|]; [|easy]. destruct (point_inside p') as [[ys e]|]; easy.
Qed.

(** ** 4. Counterexamples *)

Theorem violates_is_right xs d :
  violates q xs d = true -> in_domain q (point_of xs d : point) /\ Exists (hits q (point_of xs d : point)) (targets q).
Proof.
  unfold violates. rewrite !andb_true_iff. intros [[[_ hl] hd] ht]. apply Nat.eqb_eq in hl. split; [split|].
  - unfold point_of. now rewrite map_length.
  - apply Forall_forall. intros c hc. apply condition_at_spec. rewrite forallb_forall in hd. now apply hd.
  - apply existsb_exists in ht. destruct ht as [target [hin h]]. apply Exists_exists. exists target. split; [exact hin|].
    apply Forall_forall. intros c hc. apply condition_at_spec. rewrite forallb_forall in h. now apply h.
Qed.

(** ** 5. What is accepted makes sense *)

Theorem preimage_is_sound cert ans : preimage q cert = Some ans -> sound q = true.
Proof. unfold preimage. destruct (sound q); easy. Qed.

Theorem regions_is_sound cert ps : regions q cert = Some ps -> sound q = true.
Proof. unfold regions. destruct (sound q); easy. Qed.

Theorem violates_is_sound xs d : violates q xs d = true -> sound q = true.
Proof. unfold violates. destruct (sound q); easy. Qed.

End Theorems.
